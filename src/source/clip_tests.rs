mod files;
mod recorders;
mod times;

use std::{path::PathBuf, time::Duration};

use jiff::Timestamp;

use super::*;
use crate::{
    clock::Manual,
    domain::{CameraId, Epoch, Gap, GapReason, MediaTime, WallOrigin},
    libav::{LibavError, testing::*},
};

/// What a recording told, sorted by kind.
#[derive(Default)]
struct Told {
    epochs: Vec<Epoch>,
    gops: Vec<std::sync::Arc<Gop>>,
    growing: Vec<std::sync::Arc<Gop>>,
    gaps: Vec<Gap>,
    notices: Vec<Noticed>,
    failed: Vec<SourceError>,
}

fn read_with(files: Vec<PathBuf>, options: Options) -> Told {
    let camera = CameraId::new("lane").expect("an id");
    let mut told = Told::default();
    let mut last = MediaTime::ZERO;
    for part in Recording::open(camera, files, options) {
        match part {
            Part::Epoch { epoch, .. } => told.epochs.push(epoch),
            Part::Gop(gop) => {
                assert!(gop.start >= last && gop.end >= gop.start, "time goes back");
                assert!(gop.packets.iter().all(|p| p.pts.is_some()));
                assert_eq!(Some(gop.epoch), told.epochs.last().map(|e| e.epoch), "a group of another epoch");
                last = gop.end;
                told.gops.push(gop);
            }
            Part::GapOpened(gap) => assert_eq!(gap.to, None, "it begins"),
            Part::GapClosed(gap) => {
                assert!(gap.from >= last && gap.to >= Some(gap.from), "a gap goes back");
                last = gap.to.expect("an end");
                told.gaps.push(gap);
            }
            Part::Growing(gop) => told.growing.push(gop),
            Part::Notice(notice) => told.notices.push(notice.what),
            Part::Failed { error, .. } => told.failed.push(error),
        }
    }
    told
}

fn read(files: Vec<PathBuf>) -> Told {
    read_with(files, Options::default())
}

fn seconds(gops: &[std::sync::Arc<Gop>]) -> Vec<(f64, f64)> {
    gops.iter().map(|g| (g.start.as_secs_f64(), g.end.as_secs_f64())).collect()
}

/// Presentation times of all packets, sorted, in tenths of a second, rounded.
fn tenths(gops: &[std::sync::Arc<Gop>]) -> Vec<i64> {
    let mut times: Vec<i64> = gops
        .iter()
        .flat_map(|g| &g.packets)
        .filter_map(|p| p.pts)
        .map(|t| (t + 50_000).div_euclid(100_000))
        .collect();
    times.sort_unstable();
    times
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

const GROUPS: [(f64, f64); 4] = [(0.0, 2.5), (2.5, 5.0), (5.0, 7.5), (7.5, 10.0)];

#[test]
fn groups_go_from_key_frame_to_key_frame() {
    let clips = Clips::new();
    for (codec, name) in [
        (H264_PLAIN, "plain.mp4"),
        (H264, "b.mp4"),
        (H264, "b.mkv"),
        (H264, "b.ts"),
        ("-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0", "h265.mp4"),
        ("-c:v mpeg4 -g 25 -sc_threshold 1000000000", "mpeg4.avi"),
        ("-c:v libvpx-vp9 -g 25 -keyint_min 25 -deadline realtime -cpu-used 8", "vp9.webm"),
    ] {
        let told = read(vec![clips.pattern(codec, name)]);
        assert_eq!(seconds(&told.gops), GROUPS, "{name}");
        assert_eq!(tenths(&told.gops), (0..100).collect::<Vec<_>>(), "{name}");
        assert!(
            told.gaps.is_empty() && told.notices.is_empty() && told.failed.is_empty(),
            "{name}: {:?}",
            told.notices
        );
    }
}

#[test]
fn at_the_pace_of_a_camera_groups_are_told_of_while_they_grow() {
    let clips = Clips::new();
    let pace = Some(Pace { speed: 1000.0, delay: std::time::Duration::ZERO });
    for (codec, name) in [
        ("-c:v libx264 -g 250 -keyint_min 250 -sc_threshold 0 -bf 0", "long.mp4"),
        (H264, "b.mp4"),
        ("-c:v libx264 -g 25 -bf 3 -x264-params open-gop=1", "open.mkv"),
    ] {
        let path = clips.pattern(codec, name);
        let told = read_with(vec![path.clone()], Options { pace, ..Options::default() });
        assert_eq!(seconds(&told.gops), seconds(&read(vec![path]).gops), "{name}");
        let mut step = Vec::new();
        for group in &told.gops {
            assert!(!group.grows());
            let mut known = group.start;
            for growing in told.growing.iter().filter(|g| (g.start..g.end).contains(&group.start)) {
                assert!(
                    growing.grows() && growing.end <= group.end && growing.start == group.start,
                    "{name}"
                );
                step.push(growing.end.since(known).as_secs_f64());
                known = growing.end;
                // What is before its end is there.
                let span = group.start.as_micros()..growing.end.as_micros();
                let times = |g: &Gop| {
                    let times = g.packets.iter().filter_map(|p| p.pts).filter(|t| span.contains(t));
                    times.collect::<std::collections::BTreeSet<_>>()
                };
                assert_eq!(times(growing), times(group), "{name}");
            }
            step.push(group.end.since(known).as_secs_f64());
        }
        assert!(told.growing.len() >= 16 && step.iter().all(|step| *step <= 1.0), "{name}: {step:?}");
    }
}

#[test]
fn a_pace_is_kept_by_the_clock_that_is_given() {
    let clips = Clips::new();
    let path = clips.pattern(H264_PLAIN, "a.mp4");
    let clock = std::sync::Arc::new(Manual::at(Timestamp::UNIX_EPOCH));
    let paced = |speed, delay| Options {
        pace: Some(Pace { speed, delay: Duration::from_secs(delay) }),
        clock: clock.clone(),
        ..Options::default()
    };
    for (speed, delay, takes) in [(1.0, 0, 10), (0.5, 3, 23), (1e-3, 0, 10_000)] {
        let before = clock.since();
        let told = read_with(vec![path.clone()], paced(speed, delay));
        assert_eq!(clock.since() - before, Duration::from_secs(takes), "{speed}");
        assert!(told.notices.is_empty(), "{:?}", told.notices);
    }
    // Whoever takes the parts needs a minute for the first of them.
    let camera = CameraId::new("lane").expect("an id");
    let mut late = Vec::new();
    for part in Recording::open(camera, vec![path], paced(1.0, 0)) {
        match part {
            Part::Epoch { .. } => clock.advance(Duration::from_secs(60)),
            Part::Notice(Notice { what: Noticed::Late(by), .. }) => late.push(by),
            _ => {}
        }
    }
    assert!(matches!(late[..], [by] if (59..=60).contains(&by.as_secs())), "{late:?}");
}

#[test]
fn missing_times_are_worked_out() {
    let clips = Clips::new();
    for (codec, name, groups) in [
        (H264, "h264.avi", 4),
        ("-c:v mpeg4 -bf 2 -g 25 -sc_threshold 1000000000", "mpeg4.avi", 5),
        (H264, "raw.h264", 4),
    ] {
        let told = read(vec![clips.pattern(codec, name)]);
        let times = tenths(&told.gops);
        assert_eq!(times.len(), 100, "{name}");
        // Up to the pictures by which the encoder ran ahead at the start.
        for (i, t) in (0..).zip(&times) {
            assert!((t - i).abs() <= 2, "{name}: {times:?}");
        }
        assert_eq!(told.gops.len(), groups, "{name}");
        assert_eq!(told.notices, [Noticed::TimesRebuilt], "{name}");
    }
}

#[test]
fn times_that_leave_a_hole_are_a_gap() {
    let clips = Clips::new();
    let a = clips.pattern(H264_PLAIN, "a.ts");
    let b = clips.ffmpeg(&format!("-i {} -c copy -output_ts_offset 60", a.display()), "b.ts");
    let told = read(vec![clips.join(&[&a, &b], "hole.ts")]);
    assert_eq!(tenths(&told.gops).len(), 200);
    let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
    assert_eq!(gap.reason, GapReason::Timestamps);
    assert_eq!((gap.from.as_secs_f64(), gap.to.map(MediaTime::as_secs_f64)), (10.0, Some(60.0)));
}

#[test]
fn packets_without_a_time_of_decoding_are_no_break() {
    let clips = Clips::new();
    // At two pictures a second Matroska's first packets, which have no dts, are shown well after the next is decoded.
    let args =
        "-f lavfi -i testsrc2=size=160x120:rate=2:duration=12 -c:v libx264 -g 8 -bf 2 -pix_fmt yuv420p";
    let told = read(vec![clips.ffmpeg(args, "slow.mkv")]);
    assert!(!told.notices.contains(&Noticed::TimesGoBack), "{:?}", told.notices);
    assert_eq!(told.gaps, []);
    assert_eq!(tenths(&told.gops), (0..24).map(|n| n * 5).collect::<Vec<i64>>());
}

#[test]
fn times_that_go_back_go_on() {
    let clips = Clips::new();
    let a = clips.pattern(H264_PLAIN, "a.ts");
    let b = clips.ffmpeg(&format!("-i {} -c copy -output_ts_offset 60", a.display()), "b.ts");
    let told = read(vec![clips.join(&[&b, &a], "back.ts")]);
    assert_eq!(tenths(&told.gops), (0..200).collect::<Vec<_>>());
    let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
    assert_eq!((gap.from.as_secs_f64(), gap.to), (10.0, Some(gap.from)));
    assert_eq!(told.notices, [Noticed::TimesGoBack]);
}

#[test]
fn what_comes_before_the_damage_is_given() {
    let clips = Clips::new();
    let fast = clips.pattern(&format!("{H264} -movflags faststart"), "fast.mp4");
    let mkv = clips.pattern(H264, "a.mkv");
    for whole in [fast, mkv] {
        let name = format!("0cut.{}", whole.extension().and_then(|e| e.to_str()).expect("one"));
        let cut = clips.cut(&whole, 0.6, &name);
        let told = read(vec![cut, whole.clone()]);
        let first = told.gops.iter().filter(|g| g.epoch == 0).count();
        assert!(first >= 2, "{name}: {first} groups");
        assert_eq!(told.gops.iter().filter(|g| g.epoch == 1).count(), 4, "{name}: the next file");
        assert!(
            matches!(&told.failed[..], [SourceError::CutOff { .. } | SourceError::Broken { .. }]),
            "{name}: {:?}",
            told.failed
        );
    }
}

#[test]
fn a_picture_that_claims_to_be_shown_long_after_the_others_moves_nothing() {
    let clips = Clips::new();
    let whole = clips.pattern(H264_PLAIN, "whole.ts");
    let one = "setts=pts=PTS+if(eq(N\\,30)\\,600/TB\\,0)";
    let damaged = clips.ffmpeg(&format!("-i {} -c copy -bsf:v {one}", whole.display()), "damaged.ts");
    let told = read(vec![damaged]);
    assert_eq!(told.gops.len(), 4);
    assert!(told.gaps.is_empty(), "{:?}", told.gaps);
    let latest = told.gops.iter().map(|g| g.end).max();
    assert!(latest.is_some_and(|end| end.as_secs_f64() < 11.0), "{latest:?}");
}

/// Moves the presentation time of the `n`th picture of a transport stream, which is its time of decoding, too (ISO/IEC 13818-1,
/// 2.4.3.7).
fn late_by(bytes: &mut [u8], n: usize, seconds: u64) {
    let pictures = bytes.chunks_exact_mut(188).filter_map(|packet| {
        let at = packet.windows(4).position(|w| w == [0, 0, 1, 0xe0])?;
        (packet[1] & 0x40 != 0).then(|| &mut packet[at + 7..at + 14])
    });
    let header = pictures.into_iter().nth(n).expect("so many pictures");
    assert_eq!(header[0] & 0xc0, 0x80, "one time alone");
    let p = &mut header[2..7];
    let old = (u64::from(p[0]) >> 1 & 7) << 30
        | u64::from(p[1]) << 22
        | (u64::from(p[2]) >> 1) << 15
        | u64::from(p[3]) << 7
        | u64::from(p[4]) >> 1;
    let new = old + seconds * 90_000;
    let byte = |shift: u32, bits: u64| (new >> shift & bits) as u8;
    p[0] = p[0] & 0xf1 | byte(30, 7) << 1;
    p[1] = byte(22, 0xff);
    p[2] = byte(15, 0x7f) << 1 | 1;
    p[3] = byte(7, 0xff);
    p[4] = byte(0, 0x7f) << 1 | 1;
}

#[test]
fn one_picture_out_of_time_moves_nothing() {
    let clips = Clips::new();
    let whole = clips.pattern(H264_PLAIN, "whole.ts");
    // In the middle of a group, and a key frame.
    for n in [30, 50] {
        let mut bytes = std::fs::read(&whole).expect("the clip");
        late_by(&mut bytes, n, 3600);
        let told = read(vec![clips.bytes(&bytes, "late.ts")]);
        assert!(told.gaps.is_empty() && told.notices.is_empty(), "{n}: {:?} {:?}", told.gaps, told.notices);
        assert_eq!(tenths(&told.gops), (0..100).collect::<Vec<_>>(), "{n}");
        assert_eq!(told.gops.len(), 4);
    }
}

#[test]
fn video_that_goes_on_in_another_stream_is_told() {
    let clips = Clips::new();
    let a = clips.pattern(H264_PLAIN, "a.ts");
    let b = clips.ffmpeg(&format!("-i {} -c copy -streamid 0:700 -output_ts_offset 10", a.display()), "b.ts");
    let told = read(vec![clips.join(&[&a, &b], "joined.ts")]);
    assert_eq!(told.gops.len(), 4);
    assert!(
        matches!(&told.failed[..], [SourceError::Broken { error: LibavError::OtherStream { .. }, .. }]),
        "{:?}",
        told.failed
    );
}

#[test]
fn a_file_that_begins_in_the_middle_of_a_long_group_is_read_from_its_key_frame_on() {
    let clips = Clips::new();
    let long = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=30 -pix_fmt yuv420p -c:v libx264 -g 200 -keyint_min 200 \
                -sc_threshold 0 -bf 0";
    let whole = std::fs::read(clips.ffmpeg(long, "whole.ts")).expect("the clip");
    let from = whole.len() / 5 / 188 * 188;
    let told = read(vec![clips.bytes(&whole[from..], "cut.ts")]);
    assert_eq!((told.failed.len(), told.gops.len()), (0, 1), "{:?}", told.failed);
    let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
    assert!(gap.to.is_some_and(|to| to.as_secs_f64() > 6.0), "{gap:?}");
}

#[test]
fn long_groups_come_in_chunks() {
    let clips = Clips::new();
    let long = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=260 -c:v libx264 -preset ultrafast -bf 2 \
                -pix_fmt yuv420p -x264-params keyint=infinite:scenecut=0";
    let told = read(vec![clips.ffmpeg(long, "long.mp4")]);
    let shape: Vec<_> = told.gops.iter().map(|g| (g.packets.len(), g.continues(), g.continued())).collect();
    assert_eq!(shape, [(3000, false, true), (3000, true, true), (500, true, false)]);
    assert!(told.gops.windows(2).all(|w| w[0].end == w[1].start));
    assert_eq!(told.notices, [Noticed::LongGroup]);
    assert!((told.gops[2].end.as_secs_f64() - 260.0).abs() < 1e-3);
}

#[test]
fn a_file_that_begins_without_a_key_frame_has_a_gap() {
    let clips = Clips::new();
    let a = clips.pattern(H264_PLAIN, "a.ts");
    // Leaves out the key frame's packets, but not the tables before them.
    let bytes = std::fs::read(&a).expect("the clip");
    let tables = 188 * 3;
    let headless = [&bytes[..tables], &bytes[bytes.len() / 8 / 188 * 188..]].concat();
    let told = read(vec![clips.bytes(&headless, "headless.ts")]);
    assert!(matches!(told.notices[..], [Noticed::BeginsWithoutKey(1..)]), "{:?}", told.notices);
    let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
    assert_eq!(
        (gap.from, gap.to, gap.reason),
        (MediaTime::ZERO, Some(told.gops[0].start), GapReason::Damaged)
    );
    assert_eq!(told.gops.len(), 3);
}

#[test]
fn a_nonsensical_rate_is_not_believed() {
    let clips = Clips::new();
    // Claims to hold 90,000 pictures a second.
    let fast = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=4 -vf settb=1/90000,setpts=N -vsync passthrough \
                -enc_time_base 1/90000 -c:v mjpeg -pix_fmt yuvj420p -r 90000";
    let told = read(vec![clips.ffmpeg(fast, "fast.avi")]);
    assert!(told.notices.iter().any(|n| matches!(n, Noticed::RateIgnored(_))), "{:?}", told.notices);
    assert_eq!(told.gops.len(), 100);
    assert!((told.gops[99].end.as_secs_f64() - 4.0).abs() < 1e-6);
}
