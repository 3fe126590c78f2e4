//! What silence is worth: green is said only of what was watched, and a guess is told as one.

use serde_json::Value;

use crate::common::{
    assert_code,
    bench::{Bench, PARKING},
    command, lines, stderr, stdout, street,
};

const H264: &str = "-c:v libx264 -g 20 -bf 0 -pix_fmt yuv420p";
/// A rule for the person who is always seen: nothing is found.
const MANNED: &str = "[[camera.rule]]\nkind = \"control_room_unattended\"\nrequired = 1\ngrace = \"4s\"\n";
const GREEN: &str = "class=\"verdict quiet\"";

fn report(bench: &Bench) -> String {
    std::fs::read_to_string(bench.path("out/report.html")).expect("a report")
}

fn summary(bench: &Bench) -> Value {
    serde_json::from_str(&stdout(&bench.run("out-json", &["--json"]))).expect("JSON")
}

/// What a recorder's encryption leaves: pictures whose bytes mean nothing, within sound framing. Of those from `from` on,
/// given as a share of the file.
fn encrypt(bench: &Bench, name: &str, from: f64) {
    let mut bytes = std::fs::read(bench.path(name)).expect("the clip");
    let first = (bytes.len() as f64 * from) as usize;
    let codes = |window: &[u8]| window[..3] == [0, 0, 1] && matches!(window[3] & 31, 1 | 5);
    let slices: Vec<usize> = (0..bytes.len() - 4).filter(|at| codes(&bytes[*at..*at + 4])).collect();
    for (index, at) in slices.iter().enumerate().filter(|(_, at)| **at >= first) {
        let end = slices.get(index + 1).map_or(bytes.len(), |next| next - 12).max(at + 4);
        for (place, byte) in bytes[at + 4..end].iter_mut().enumerate() {
            *byte = ((place * 7919 + index * 31) >> 3) as u8 | 1;
        }
    }
    std::fs::write(bench.path(name), bytes).expect("written");
}

#[test]
fn what_was_watched_is_green() {
    let bench = Bench::new().camera("room", "20260131_235950.mp4", MANNED);
    bench.clip("20260131_235950.mp4", &format!("{} {H264}", street(10, 10)));
    let output = bench.run("out", &[]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "no violations\n");
    assert!(report(&bench).contains(GREEN));
    assert_eq!(summary(&bench)["verdict"], "clear");
}

#[test]
fn a_file_of_which_nothing_can_be_decoded_is_unread() {
    let bench = Bench::new().camera("room", "enc.h264", MANNED);
    bench.clip("enc.h264", &format!("{} {H264}", street(10, 10)));
    encrypt(&bench, "enc.h264", 0.0);
    let output = bench.run("out", &[]);
    assert_code(&output, 3);
    let said = stderr(&output);
    assert!(said.contains("error: camera room: enc.h264: not one picture could be decoded"), "{said}");
    assert!(said.contains("encrypted?"), "{said}");
    assert!(stdout(&output).starts_with("nothing could be judged\n"), "{}", stdout(&output));
    let report = report(&bench);
    let first = report.split("class=\"cameras\"").next().expect("the first screen");
    assert!(!report.contains(GREEN) && first.contains("enc.h264") && first.contains("没有一个画面能够解码"));
    assert!(report.contains("<td class=\"n\">—</td>"));
    let json = summary(&bench);
    assert_eq!((&json["verdict"], &json["cameras"][0]["analysed_s"]), (&"not_judged".into(), &Value::Null));
    assert_eq!(json["cameras"][0]["looks"], Value::Null);

    bench.write("truth.csv", b"camera,kind,start_s,end_s\n");
    let mut eval = command();
    eval.args(["eval", "--config"]).arg(bench.path("firewarden.toml"));
    let output = eval.arg("--truth").arg(bench.path("truth.csv")).output().expect("the binary starts");
    assert_code(&output, 3);
    assert!(
        stdout(&output).contains("not judged:") && stdout(&output).contains("enc.h264"),
        "{}",
        stdout(&output)
    );
    assert!(!stdout(&output).contains("0.000"), "{}", stdout(&output));
}

#[test]
fn a_file_of_which_most_cannot_be_decoded_is_told_and_one_that_lost_a_quarter_is_as_before() {
    for (from, code) in [(0.25, 3), (0.8, 0)] {
        let bench = Bench::new().camera("room", "enc.h264", MANNED);
        bench.clip("enc.h264", &format!("{} {H264}", street(20, 10)));
        encrypt(&bench, "enc.h264", from);
        let output = bench.run("out", &[]);
        assert_code(&output, code);
        let said = stderr(&output);
        assert_eq!(said.contains("most of it could not be looked at"), code == 3, "{said}");
        assert!(said.contains("looks could not be taken"), "{said}");
        assert!(!report(&bench).contains(GREEN), "a gap is no green");
    }
}

#[test]
fn a_rule_that_did_not_hold_or_had_too_little_footage_is_not_green() {
    for (rules, reason, zh) in [
        (
            format!("{PARKING}schedule = [\"01:00-02:00\"]\n"),
            "not in force at any time",
            "在本段录像内未生效",
        ),
        (PARKING.replace("5s", "30m"), "less than its dwell of 30 min", "短于允许停留时间 30 分"),
        (MANNED.replace("4s", "3m"), "less than its grace of 3 min", "短于允许离岗时间 3 分"),
    ] {
        let bench = Bench::new().camera("lane", "20260131_120000.mp4", &rules);
        bench.clip("20260131_120000.mp4", &format!("{} {H264}", street(10, 10)));
        let output = bench.run("out", &[]);
        assert_code(&output, 0);
        let said = stdout(&output);
        assert!(
            said.starts_with("nothing could be judged\nnot judged:\n") && said.contains(reason),
            "{said}"
        );
        let report = report(&bench);
        assert!(!report.contains(GREEN) && !report.contains("<p class=\"quiet\">"));
        assert!(report.contains(zh), "{zh}");
        let replayed = command()
            .args(["replay", "--config"])
            .arg(bench.path("firewarden.toml"))
            .arg("--out")
            .arg(bench.path("again"))
            .arg(bench.path("out/observations/lane.jsonl"))
            .output()
            .expect("the binary starts");
        assert_eq!(stdout(&replayed), said);
    }
}

#[test]
fn a_guessed_time_is_told_as_one_wherever_it_stands() {
    for (name, zh, en, column) in [
        ("street.mp4", "时间未经证实（按文件修改时间推算）", "UNCONFIRMED", "unconfirmed"),
        ("20260131_120000.mp4", "文件名", "file name", "file name"),
    ] {
        let bench = Bench::new().camera("lane", name, PARKING);
        bench.clip(name, &format!("{} {H264}", street(10, 10)));
        let output = bench.run("out", &[]);
        assert_code(&output, 0);
        assert!(stdout(&output).contains(en), "{}", stdout(&output));
        assert!(stderr(&output).contains(column), "{}", stderr(&output));
        let report = report(&bench);
        // In the header, the index, the camera's section, the moments of the card, the list of files.
        assert!(report.matches(zh).count() >= 6, "{}", report.matches(zh).count());
        assert_eq!(report.contains("class=\"basis guessed\""), name == "street.mp4");
        let table = std::fs::read_to_string(bench.path("out/violations.csv")).expect("a table");
        assert!(table.lines().nth(1).is_some_and(|row| row.contains(zh)), "{table}");
        let manifest = lines(&bench.path("out/evidence/manifest.jsonl"));
        let still = manifest.iter().find(|entry| entry["role"] == "raised").expect("a still");
        let bytes =
            std::fs::read(bench.path("out").join(still["name"].as_str().expect("a name"))).expect("a still");
        let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(bytes)).expect("Exif");
        let text = exif.get_field(exif::Tag::ImageDescription, exif::In::PRIMARY).expect("there");
        assert!(text.display_value().to_string().contains(column), "{}", text.display_value());
    }
}

#[test]
fn beside_a_clip_that_browsers_may_not_play_stands_what_plays_it() {
    for (name, coded, said) in [
        ("hevc.mp4", "-c:v libx265 -x265-params log-level=none -g 20 -pix_fmt yuv420p", "H.265: a browser"),
        ("mpeg4.mp4", "-c:v mpeg4 -g 20", "MPEG-4 Part 2: a browser"),
        ("ten.mp4", "-c:v libx264 -g 20 -pix_fmt yuv420p10le", "H.264 yuv420p10le: a browser"),
        ("usual.mp4", H264, ""),
    ] {
        let bench = Bench::new().camera("lane", name, PARKING);
        bench.clip(name, &format!("{} {coded}", street(8, 10)));
        assert_code(&bench.run("out", &[]), 0);
        let report = report(&bench);
        assert_eq!(report.contains("open with a player such as VLC"), !said.is_empty(), "{name}");
        assert!(report.contains(said), "{name}");
    }
}
