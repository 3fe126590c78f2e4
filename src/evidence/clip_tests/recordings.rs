use std::time::Duration;

use super::*;
use crate::source::Part;

fn pieces(clip: &Clip) -> Vec<(&str, f64, f64)> {
    let piece = |p: &Piece| (p.from_s.as_secs_f64(), p.to_s.as_secs_f64());
    clip.pieces.iter().map(|p| (p.file.as_str(), piece(p).0, piece(p).1)).collect()
}

fn span(clip: &Clip) -> (f64, f64) {
    (clip.first.as_secs_f64(), clip.last.as_secs_f64())
}

/// When frames are shown, in tenths of a second.
fn tenths(frames: &[(i64, String)]) -> Vec<i64> {
    frames.iter().map(|(time, _)| (time + 50).div_euclid(100)).collect()
}

#[test]
fn a_clip_may_begin_with_the_recording_and_end_with_it() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let recording = clips.pattern(H264, "a.mp4");
    let cuts = vec![cut(-2.0, 1.0, 1.0), cut(-0.2, 1.0, 1.0), cut(9.0, 9.5, 10.3), cut(9.0, 9.5, 12.0)];
    let cut: Vec<Clip> =
        cut_all(vec![recording], cuts, &folder).into_iter().map(|c| c.expect("a clip")).collect();
    let shortfalls: Vec<_> = cut.iter().map(|c| c.shortfalls.clone()).collect();
    let by = Duration::from_secs(2);
    assert_eq!(
        shortfalls,
        [vec![Shortfall::RecordingBegins { by }], vec![], vec![], vec![Shortfall::EndsEarly { by }]]
    );
    for clip in &cut {
        is_sound(&folder, clip);
    }
    assert_eq!((span(&cut[0]).0, span(&cut[3])), (0.0, (7.5, 10.0)));
}

#[test]
fn a_moment_that_was_not_recorded_has_no_clip() {
    let clips = Clips::new();
    let recording = clips.pattern(H264, "a.mp4");
    let cuts = vec![cut(12.0, 15.0, 20.0), cut(3.0, 4.0, 5.0)];
    let results = cut_all(vec![recording], cuts, &clips.path("result"));
    assert!(matches!(&results[..], [Err(EvidenceError::NotFound(_)), Ok(_)]), "{results:?}");
}

#[test]
fn a_recording_that_was_cut_off_gives_what_there_is() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let fast = clips.pattern(&format!("{H264} -movflags faststart"), "fast.mp4");
    for whole in [fast, clips.pattern(H264, "a.mkv"), clips.pattern(H264, "a.ts")] {
        let name = format!("cut.{}", whole.extension().and_then(|e| e.to_str()).expect("one"));
        let recording = clips.cut(&whole, 0.55, &name);
        let clip = cut_one(vec![recording], cut(3.0, 4.0, 9.0), &folder);
        assert!(matches!(clip.shortfalls[..], [.., Shortfall::EndsEarly { .. }]), "{name}: {clip:?}");
        assert_eq!(span(&clip).0, 2.5, "{name}");
        assert!(span(&clip).1 > 4.0, "{name}: {clip:?}");
    }
}

#[test]
fn a_clip_goes_on_in_the_next_file() {
    let clips = Clips::new();
    let folder = clips.path("result");
    for (codec, end) in [(H264, "mp4"), (H264, "ts"), ("-c:v msmpeg4 -g 25 -sc_threshold 1000000000", "avi")]
    {
        let a = clips.pattern(codec, &format!("lane_20240131_100000.{end}"));
        let b = clips.path(&format!("lane_20240131_100010.{end}"));
        std::fs::copy(&a, &b).expect("a copy");
        let clip = cut_one(vec![a.clone(), b.clone()], cut(8.0, 10.5, 12.0), &folder);
        let (first, last) = span(&clip);
        assert_eq!(first, 7.5);
        let name = |path: &Path| path.file_name().expect("one").to_string_lossy().into_owned();
        let expected = [(name(&a), 7.5, 10.0), (name(&b), 0.0, last - 10.0)];
        let expected = expected.each_ref().map(|(name, from, to)| (name.as_str(), *from, *to));
        assert_eq!(pieces(&clip)[0], expected[0]);
        assert!((pieces(&clip)[1].2 - expected[1].2).abs() < 1e-6);
        let frames = is_sound(&folder, &clip);
        assert_eq!(tenths(&frames), (0..frames.len() as i64).collect::<Vec<_>>(), "{end}");
        assert!(frames.len() >= 46, "{end}: {}", frames.len());
        assert!(clip.shortfalls.is_empty(), "{clip:?}");
    }
}

#[test]
fn a_clip_stays_on_the_side_of_its_moment_where_the_stream_changes() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let a = clips.pattern(H264, "lane_20240131_100000.mp4");
    let b = clips.pattern("-c:v mpeg4 -g 25 -sc_threshold 1000000000", "lane_20240131_100010.mp4");
    let cuts = vec![cut(8.0, 9.0, 12.0), cut(8.0, 10.0, 12.5)];
    let results = cut_all(vec![a, b], cuts, &folder);
    let [Ok(before), Ok(after)] = &results[..] else { panic!("{results:?}") };
    let changes = [Shortfall::StreamChanges { at: at(10.0) }];
    assert_eq!((span(before), &before.shortfalls[..]), ((7.5, 10.0), &changes[..]));
    assert_eq!((span(after), &after.shortfalls[..]), ((10.0, 12.6), &changes[..]));
    assert_eq!(pieces(before), [("lane_20240131_100000.mp4", 7.5, 10.0)]);
    is_sound(&folder, before);
    is_sound(&folder, after);
    let left: Vec<_> = std::fs::read_dir(folder.join("evidence/lane")).expect("the folder").collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_gap_stays_as_long_as_it_is() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let a = clips.pattern(H264, "lane_20240131_100000.mp4");
    let b = clips.path("lane_20240131_100030.mp4");
    std::fs::copy(&a, &b).expect("a copy");
    let cuts = vec![cut(8.0, 9.0, 31.0), cut(8.0, 9.0, 15.0), cut(15.0, 20.0, 31.0), cut(12.0, 13.0, 14.0)];
    let results = cut_all(vec![a, b], cuts, &folder);
    let [Ok(across), Ok(early), Ok(late), Err(EvidenceError::NotFound(_))] = &results[..] else {
        panic!("{results:?}")
    };
    assert_eq!(across.shortfalls, [Shortfall::Gap { from: at(10.0), to: at(30.0) }]);
    let frames = tenths(&is_sound(&folder, across));
    assert_eq!(frames[..26], (0..25).chain([225]).collect::<Vec<i64>>());
    let seconds = Duration::from_secs;
    assert_eq!(early.shortfalls, [Shortfall::EndsEarly { by: seconds(5) }]);
    assert_eq!(late.shortfalls, [Shortfall::BeginsLate { by: seconds(15) }]);
    is_sound(&folder, late);
}

#[test]
fn what_an_overlapping_file_shows_again_passes_unseen() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let a = clips.pattern(H264, "lane_20240131_100000.mp4");
    let b = clips.path("lane_20240131_100006.mp4");
    std::fs::copy(&a, &b).expect("a copy");
    let clip = cut_one(vec![a, b], cut(8.0, 9.0, 12.0), &folder);
    let frames = is_sound(&folder, &clip);
    // From 7.5 s on; at 9.9 s, what the second file shows of 8.5 s to 9.9 s.
    let mut seen = tenths(&frames);
    seen.dedup();
    assert_eq!(seen[..40], (0..40).collect::<Vec<i64>>());
    assert_eq!(pieces(&clip)[1].1, 4.0);
}

#[test]
fn a_chunk_is_cut_from_the_beginning_of_its_group() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let long = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=260 -c:v libx264 -preset ultrafast -bf 2 \
                -pix_fmt yuv420p -x264-params keyint=infinite:scenecut=0";
    let recording = clips.ffmpeg(long, "long.mp4");
    let clip = cut_one(vec![recording.clone()], cut(200.0, 201.0, 205.0), &folder);
    let frames = is_sound(&folder, &clip);
    assert!(clip.shortfalls.is_empty() && clip.first == MediaTime::ZERO, "{clip:?}");
    assert!((5126..5130).contains(&frames.len()), "{}", frames.len());
    assert!(frames.windows(2).all(|w| w[1].0 - w[0].0 == 40));

    let camera = CameraId::new("lane").expect("an id");
    let mut cutter = Cutter::new(vec![cut(200.0, 201.0, 205.0)], &clips.path("short"));
    cutter.chain_bytes = 1;
    Recording::open(camera, vec![recording], Options::default()).for_each(|p| cutter.take(&p));
    let results = cutter.finish();
    let [Ok(clip)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(clip.shortfalls, [Shortfall::NoKeyFrame]);
    assert!((119.0..121.0).contains(&span(clip).0), "{clip:?}");
}

#[test]
fn a_clip_that_cannot_be_written_does_not_stop_the_others() {
    let clips = Clips::new();
    let folder = clips.path("result");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("taken"), "a file where a folder should be").expect("a file");
    let recording = clips.pattern(H264, "a.mp4");
    let blocked = Cut { stem: "taken/clip".to_owned(), ..cut(3.0, 4.0, 5.0) };
    let nul = Cut { stem: "a\0b".to_owned(), ..cut(3.0, 4.0, 5.0) };
    let results = cut_all(vec![recording], vec![blocked, nul, cut(3.0, 4.0, 5.0)], &folder);
    let [Err(first), Err(second), Ok(clip)] = &results[..] else { panic!("{results:?}") };
    assert!(first.to_string().contains("taken/clip.mp4 cannot be written"), "{first}");
    assert!(matches!(second, EvidenceError::Write { .. }), "{second}");
    is_sound(&folder, clip);
}

#[test]
fn a_break_in_a_recording_is_told() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let whole = clips.pattern(H264_PLAIN, "b.mkv");
    let short = clips.cut(&whole, 0.55, "a.mkv");
    // Nobody knows how much is missing between the two.
    let clip = cut_one(vec![short, whole], cut(3.0, 4.0, 8.0), &folder);
    let [Shortfall::Breaks { at }] = clip.shortfalls[..] else { panic!("{clip:?}") };
    assert_eq!(pieces(&clip)[0].2, at.as_secs_f64());
    assert_eq!(tenths(&is_sound(&folder, &clip)), (0..56).collect::<Vec<_>>());

    let plain = clips.pattern(H264_PLAIN, "a.ts");
    let later = clips.ffmpeg(&format!("-i {} -c copy -output_ts_offset 60", plain.display()), "b.ts");
    let back = clips.join(&[&later, &plain], "back.ts");
    let clip = cut_one(vec![back], cut(8.0, 9.0, 12.0), &folder);
    // Joined streams are damaged for their packets' counters, too.
    assert!(clip.shortfalls.contains(&Shortfall::Breaks { at: super::at(10.0) }), "{clip:?}");
    assert_eq!(tenths(&is_sound(&folder, &clip)), (0..46).collect::<Vec<_>>());
}

#[test]
fn a_picture_size_may_change_within_a_file() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let a = clips.pattern(H264, "a.ts");
    let other = format!("-i {} -vf scale=128:96 {H264} -output_ts_offset 10", a.display());
    let both = clips.join(&[&a, &clips.ffmpeg(&other, "b.ts")], "both.ts");
    let results = cut_all(vec![both], vec![cut(8.0, 9.0, 12.0), cut(13.0, 14.0, 16.0)], &folder);
    let [Ok(across), Ok(after)] = &results[..] else { panic!("{results:?}") };
    assert!(is_sound(&folder, across).len() >= 46, "{across:?}");
    assert!(is_sound(&folder, after).len() >= 36, "{after:?}");
}

#[test]
fn damage_is_told() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let whole = clips.pattern(H264_PLAIN, "whole.ts");
    let mut bytes = std::fs::read(&whole).expect("the clip");
    // Leaves out a few of a stream's packets: their counters no longer go on.
    let middle = bytes.len() * 2 / 5 / 188 * 188;
    bytes.drain(middle..middle + 188 * 3);
    let clip = cut_one(vec![clips.bytes(&bytes, "damaged.ts")], cut(3.0, 4.0, 6.0), &folder);
    let [Shortfall::Damaged { at }] = clip.shortfalls[..] else { panic!("{clip:?}") };
    assert!(clip.first < at && at < clip.last, "{clip:?}");
    assert!((6.0..6.2).contains(&span(&clip).1), "{clip:?}");
}

#[test]
fn shortfalls_are_written_with_a_tag_and_in_words() {
    let shortfalls = [
        Shortfall::EndsEarly { by: Duration::from_millis(1500) },
        Shortfall::Gap { from: at(10.0), to: at(30.5) },
        Shortfall::NoKeyFrame,
    ];
    let json = serde_json::to_value(&shortfalls).expect("plain data");
    assert_eq!(
        json,
        serde_json::json!([
            {"what": "ends_early", "by": 1.5},
            {"what": "gap", "from": 10.0, "to": 30.5},
            {"what": "no_key_frame"},
        ])
    );
    assert_eq!(shortfalls[0].to_string(), "ends 1.5 s early: the recording ends or breaks off there");
}

/// What becomes of cuts, and how many files were opened for them.
fn told(parts: impl Iterator<Item = Part>, cuts: Vec<Cut>, folder: &Path) -> (String, usize) {
    let (mut cutter, mut epochs) = (Cutter::new(cuts, folder), 0);
    for part in parts {
        if cutter.done() {
            break;
        }
        epochs += usize::from(matches!(part, Part::Epoch { .. }));
        cutter.take(&part);
    }
    (format!("{:?}", cutter.finish()), epochs)
}

#[test]
fn files_that_hold_nothing_of_the_evidence_are_passed_over_and_it_is_the_same() {
    let clips = Clips::new();
    let a = clips.pattern(H264, "lane_20240131_100000.mp4");
    let mut files = vec![a.clone()];
    // Every ten seconds; one overlaps, one comes late, one is none, and one breaks off.
    for name in ["100010", "100018", "100040", "100050", "100100", "100110", "100120"] {
        files.push(clips.path(&format!("lane_20240131_{name}.mp4")));
        std::fs::copy(&a, files.last().expect("one")).expect("a copy");
    }
    std::fs::write(&files[4], "nothing of the kind").expect("written");
    let camera = || CameraId::new("lane").expect("an id");
    let whole = || Recording::open(camera(), files.clone(), Options::default());
    let first = whole();
    let trail = first.trail();
    let all: Vec<Part> = first.collect();
    for (from, to, most) in [
        (1.0, 3.0, 1),
        (8.0, 12.0, 2),
        (25.0, 26.0, 1),
        (30.0, 42.0, 2),
        (36.0, 38.0, 2),
        (58.0, 61.0, 2),
        (68.0, 75.0, 2),
        (84.0, 200.0, 1),
        (300.0, 310.0, 1),
    ] {
        let cuts = vec![cut(from, from + 1.0, to)];
        let (right, _) = told(all.iter().cloned(), cuts.clone(), &clips.path("right"));
        let within = whole().within(&[(at(from), at(to))], &trail);
        let (again, opened) = told(within, cuts, &clips.path("again"));
        assert_eq!(again.replace("/again/", "/right/"), right, "{from} to {to}");
        assert!(opened <= most, "{from} to {to}: {opened}");
    }
    // Two spells far apart: what lies between is passed over.
    let cuts = vec![cut(1.0, 2.0, 3.0), cut(74.0, 75.0, 76.0)];
    let (right, _) = told(all.iter().cloned(), cuts.clone(), &clips.path("right"));
    let within = whole().within(&[(at(1.0), at(3.0)), (at(74.0), at(76.0))], &trail);
    assert_eq!(told(within, cuts, &clips.path("again")), (right, 2));
}
