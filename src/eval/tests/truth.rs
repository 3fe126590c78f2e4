use std::fs;

use proptest::prelude::*;

use super::{at, camera, spell, watched};
use crate::{
    domain::Kind,
    eval::{BadLine, Reason, Spell, TruthError, form::MAX_BYTES, read, truth::parse},
};

fn good(text: &str) -> Vec<Spell> {
    parse(text.as_bytes(), &watched()).expect("a good file")
}

fn faults(text: &str) -> Vec<BadLine> {
    parse(text.as_bytes(), &watched()).expect_err("a faulty file")
}

/// Line and message of each fault.
fn told(text: &str) -> Vec<(u64, String)> {
    faults(text).into_iter().map(|fault| (fault.line, fault.reason.to_string())).collect()
}

fn reasons(text: &str) -> Vec<Reason> {
    faults(text).into_iter().map(|fault| fault.reason).collect()
}

const HEADER: &str = "camera,kind,start_s,end_s\n";

#[test]
fn reads_spells_with_the_lines_they_stand_on() {
    let text = "# the night of 3 May\n\ncamera,kind,start_s,end_s\nlane-3,fire_lane_parking,0,12.5\n   \n # a note\n\
                hall,ebike_in_elevator,7.000001,\n";
    assert_eq!(
        good(text),
        [
            spell(4, "lane-3", Kind::FireLaneParking, 0.0, Some(12.5)),
            spell(7, "hall", Kind::EbikeInElevator, 7.000001, None),
        ]
    );
}

#[test]
fn takes_any_order_of_columns_a_byte_order_mark_crlf_quotes_and_blanks() {
    let text =
        "\u{feff}end_s,camera,\"start_s\",kind\r\n\r\n\"12.5\",\"lane-3\", 1e0 , fire_lane_parking\r\n";
    assert_eq!(good(text), [spell(3, "lane-3", Kind::FireLaneParking, 1.0, Some(12.5))]);
}

#[test]
fn a_quiet_night_is_a_header_alone() {
    assert_eq!(good(HEADER), []);
    assert_eq!(good(HEADER.trim_end()), []);
}

#[test]
fn an_empty_file_is_no_quiet_night() {
    for text in ["", "\u{feff}", "\n\n", "# nothing\n"] {
        assert_eq!(faults(text), [BadLine { line: 1, reason: Reason::Empty }], "{text:?}");
    }
}

#[test]
fn tells_every_fault_of_the_header_and_goes_on_to_the_lines() {
    let text = "camera,kind,start,camera,end_s\nlane-9,fire_lane_parking,1,lane-9,2\n";
    assert_eq!(
        told(text),
        [
            (
                1,
                "the column \"camera\" is there twice; each of camera, kind, start_s, end_s is there once"
                    .to_owned()
            ),
            (
                1,
                "unknown column \"start\"; the nearest is \"start_s\", of camera, kind, start_s, end_s"
                    .to_owned()
            ),
            (1, "the column \"start_s\" is missing; the columns are camera, kind, start_s, end_s".to_owned()),
            (
                2,
                "the configuration has no camera \"lane-9\" (did you mean lane-3?); it has hall, lane-3"
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn an_unknown_column_beside_the_four_is_a_fault_too() {
    let text = "camera,kind,start_s,end_s,note\nlane-3,fire_lane_parking,1,2,van\n";
    assert_eq!(faults(text).len(), 1);
    assert!(matches!(&reasons(text)[0], Reason::UnknownColumn { column, .. } if column == "note"));
}

#[test]
fn a_file_without_a_header_is_told_so_once() {
    let text = "lane-3,fire_lane_parking,1,2\nlane-3,fire_lane_parking,x,y\n";
    assert_eq!(reasons(text), [Reason::NoHeader { found: "lane-3,fire_lane_parking,1,2".to_owned() }]);
    let semicolons = "camera;kind;start_s;end_s\nlane-3;fire_lane_parking;1;2\n";
    assert_eq!(reasons(semicolons), [Reason::Separator { found: ';' }]);
}

#[test]
fn tells_every_fault_of_every_line() {
    let text = format!(
        "{HEADER}lane-3,fire_lane_parkin,-1,inf\n\
         garage,ebike_in_elevator,,1:30\n\
         lane-3,ebike_in_elevator,5,5\n\
         lane-3,fire_lane_parking,1\n\
         lane-3,fire_lane_parking,1,2,3\n\
         lane-3,fire_lane_parking,NaN,\"1,5\"\n\
         lane-3,fire_lane_parking,8,7\n\
         \"lane-3,fire_lane_parking,8,9\n\
         lane-3,fire_lane_parking,1e12,\n"
    );
    let told = told(&text);
    let kinds = Kind::ALL.map(Kind::name).join(", ");
    let unknown = format!("unknown kind \"fire_lane_parkin\"; the nearest is fire_lane_parking, of {kinds}");
    let expected = [
        (2, unknown.as_str()),
        (2, "start_s: -1 is no media time; it counts seconds from the camera's first picture, 0 or more"),
        (2, "end_s: inf is not finite; leave the field empty where it goes on to the end of the recording"),
        (3, "the configuration has no camera \"garage\"; it has hall, lane-3"),
        (3, "start_s: \"\" is no number; write media seconds with a decimal point, such as 83.5"),
        (3, "end_s: \"1:30\" is no number; write media seconds with a decimal point, such as 83.5"),
        (
            4,
            "camera lane-3 has no rule ebike_in_elevator; it has fire_lane_parking. Add the rule, or leave this \
             line out",
        ),
        (
            4,
            "the end, 5 s, is not after the start, 5 s; leave end_s empty where it goes on to the end of the \
             recording",
        ),
        (5, "3 fields where the header has 4; an end that is not known is an empty field"),
        (6, "5 fields where the header has 4; an end that is not known is an empty field"),
        (7, "start_s: NaN is not finite; write media seconds, such as 83.5"),
        (7, "end_s: \"1,5\" is no number; write media seconds with a decimal point, such as 83.5"),
        (
            8,
            "the end, 7 s, is not after the start, 8 s; leave end_s empty where it goes on to the end of the \
             recording",
        ),
        (9, "a quotation mark is not closed on this line; close it, or leave it out"),
        (10, "start_s: 1000000000000 is no media time"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((line, message), (at, text)) in told.iter().zip(&expected[..14]) {
        assert_eq!((line, message.as_str()), (at, *text));
    }
    assert!(matches!(&reasons(&text)[14], Reason::OutOfRange { column: "start_s", text } if text == "1e12"));
}

#[test]
fn overlapping_spells_name_each_other_and_touching_ones_are_apart() {
    let text = format!(
        "{HEADER}lane-3,fire_lane_parking,50,\n\
         lane-3,fire_lane_parking,0,10\n\
         lane-3,fire_lane_parking,10,50\n\
         hall,fire_lane_parking,0,60\n\
         hall,ebike_in_elevator,0,60\n"
    );
    assert_eq!(good(&text).len(), 5);

    // 12–14 lies in 0–20, past 5–6; 70 lies in the open one, which stands before it in the file.
    let text = format!(
        "{HEADER}lane-3,fire_lane_parking,50,\n\
         lane-3,fire_lane_parking,12,14\n\
         lane-3,fire_lane_parking,5,6\n\
         lane-3,fire_lane_parking,0,20\n\
         lane-3,fire_lane_parking,70,71\n"
    );
    let pairs: Vec<(u64, u64)> = faults(&text)
        .iter()
        .map(|fault| match fault.reason {
            Reason::Overlap { other, .. } => (fault.line, other),
            ref reason => panic!("{reason}"),
        })
        .collect();
    assert_eq!(pairs, [(5, 4), (5, 3), (6, 2)]);
}

#[test]
fn what_is_no_utf8_is_told_by_line() {
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend_from_slice(b"lane\xff,fire_lane_parking,1,2\nhall,fire_lane_parking,1,1\n");
    let found = parse(&bytes, &watched()).expect_err("a fault");
    assert_eq!(found[0], BadLine { line: 2, reason: Reason::NotUtf8 });
    assert_eq!(found[1].reason, Reason::EndNotAfterStart { start: at(1.0), end: at(1.0) });

    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(HEADER.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse(&utf16, &watched()), Err(vec![BadLine { line: 1, reason: Reason::NotUtf8 }]));
}

#[test]
fn a_long_list_of_cameras_is_cut_in_the_message() {
    let cameras = (0..300).map(|n| (camera(&format!("c{n:03}")), [Kind::FireLaneParking].into())).collect();
    let found =
        parse(format!("{HEADER}c99,fire_lane_parking,1,2\n").as_bytes(), &cameras).expect_err("a fault");
    let message = found[0].reason.to_string();
    assert!(message.contains("did you mean c099?") && message.ends_with("c019 and 280 more"), "{message}");
}

#[test]
fn reads_files_and_names_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("truth.csv");
    fs::write(&path, format!("{HEADER}lane-3,fire_lane_parking,1,2\n")).expect("written");
    assert_eq!(
        read(&path, &watched()).expect("good"),
        [spell(2, "lane-3", Kind::FireLaneParking, 1.0, Some(2.0))]
    );

    fs::write(&path, format!("{HEADER}lane-3,fire_lane_parking,2,1\nlane-3,fire_lane_parking,3\n"))
        .expect("written");
    let error = read(&path, &watched()).expect_err("faulty").to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(&format!("{}:2: the end, 1 s,", path.display())), "{error}");
    assert!(lines[1].starts_with(&format!("{}:3: 3 fields", path.display())), "{error}");

    for missing in [folder.path().join("none.csv"), folder.path().to_owned()] {
        let error = read(&missing, &watched()).expect_err("unreadable");
        assert!(matches!(error, TruthError::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains(&missing.display().to_string()));
    }

    let huge = fs::File::create(&path).expect("a file");
    huge.set_len(MAX_BYTES + 1).expect("a sparse file");
    assert!(matches!(read(&path, &watched()), Err(TruthError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn whatever_the_bytes_every_fault_names_a_line_of_the_file(
        header in any::<bool>(),
        bytes in prop::collection::vec(prop::sample::select(b"\n\n,,\"#-.019elanhi3_\r\xff\0".to_vec()), 0..200),
    ) {
        let mut file = if header { HEADER.as_bytes().to_vec() } else { Vec::new() };
        file.extend(bytes);
        let lines = file.split(|byte| *byte == b'\n').count() as u64;
        if let Err(faults) = parse(&file, &watched()) {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
            prop_assert!(faults.is_sorted_by_key(|fault| fault.line));
        }
    }

    #[test]
    fn what_is_written_is_read(
        times in prop::collection::vec((0u64..5_000_000_000, 1u64..5_000_000_000), 1..20),
    ) {
        let mut text = HEADER.to_owned();
        let mut expected = Vec::new();
        let mut from = 0;
        for (line, (pause, length)) in (2..).zip(times) {
            let (start, end) = (from + pause, from + pause + length);
            from = end;
            let write = |micros: u64| format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            text += &format!("hall,ebike_in_elevator,{},{}\n", write(start), write(end));
            expected.push((line, start as i64, end as i64));
        }
        let read: Vec<_> =
            good(&text).iter().map(|s| (s.line, s.start.as_micros(), s.until().as_micros())).collect();
        prop_assert_eq!(read, expected);
    }
}
