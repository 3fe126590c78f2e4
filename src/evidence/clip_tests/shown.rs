//! Recordings whose header changes midway, or which are to be shown turned or stretched.

use crossbeam::channel;
use jiff::{Timestamp, tz::TimeZone};

use super::*;
use crate::{
    domain::{EvidenceRole, RuleId},
    evidence::still::{Album, develop},
    libav::Turn,
    source::Part,
    vision::Marks,
};

const CALM: &str = "-c:v libx264 -g 10 -keyint_min 10 -sc_threshold 0 -bf 0 -qp 20";
const OTHER: &str =
    "-c:v libx264 -g 10 -keyint_min 10 -sc_threshold 0 -bf 0 -qp 30 -x264-params cabac=0:ref=1";

fn shot(moment: f64) -> Shot {
    let rule =
        RuleId::new(&CameraId::new("lane").expect("an id"), crate::domain::Kind::FireLaneParking, None);
    Shot {
        at: at(moment),
        role: EvidenceRole::Raised,
        name: format!("{moment}.jpg"),
        marks: Marks { masks: Vec::new(), zone: None, boxes: Vec::new() },
        caption: Caption {
            camera_name: "lane".to_owned(),
            rule,
            violation: uuid::Uuid::nil(),
            role: EvidenceRole::Raised,
            wall: Timestamp::UNIX_EPOCH,
            wall_origin: crate::domain::WallOrigin::FileName,
            zone: TimeZone::UTC,
        },
    }
}

/// Width and height of the stills of these moments.
fn stills(file: PathBuf, moments: &[f64], folder: &Path) -> Vec<(u32, u32)> {
    let shots: Vec<Shot> = moments.iter().map(|moment| shot(*moment)).collect();
    let (taken, pictures) = channel::unbounded();
    let mut album = Album::new(&shots, taken);
    for part in Recording::open(CameraId::new("lane").expect("an id"), vec![file], Options::default()) {
        if let Part::Gop(gop) = part {
            album.take(&gop);
        }
    }
    for taken in album.finish() {
        taken.expect("a still");
    }
    let files = develop(&pictures, &shots, folder);
    let size = |file: EvidenceFile| image::image_dimensions(folder.join(file.name)).expect("a picture");
    files.into_iter().map(|(_, file)| size(file.expect("a file"))).collect()
}

#[test]
fn stills_and_clips_follow_a_header_that_changes() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let [first, second] = [(CALM, "one.flv"), (OTHER, "two.flv")]
        .map(|(codec, name)| clips.ffmpeg(&format!("{PATTERN} -t 5 {codec}"), name));
    let file = clips.joined_flv(&first, &second, 5000, "both.flv");
    assert_eq!(stills(file.clone(), &[1.0, 4.5, 5.0, 7.0, 9.9], &folder), [(160, 120); 5]);
    let cuts = vec![cut(3.0, 4.0, 7.0), cut(3.0, 6.0, 8.0), cut(6.0, 7.0, 8.0)];
    let results = cut_all(vec![file], cuts, &folder);
    let [Ok(before), Ok(across), Ok(after)] = &results[..] else { panic!("{results:?}") };
    let changes = [Shortfall::StreamChanges { at: at(5.0) }];
    assert_eq!((before.last, &before.shortfalls[..]), (at(5.0), &changes[..]));
    assert_eq!((across.first, &across.shortfalls[..]), (at(5.0), &changes[..]));
    assert_eq!((after.first, &after.shortfalls[..]), (at(6.0), &[][..]));
    for (clip, original, skip) in [(before, &first, 30), (across, &second, 0), (after, &second, 10)] {
        are_tenths(&is_sound(&folder, clip), original, skip);
    }
}

#[test]
fn a_clip_brings_the_parameter_sets_that_came_before_it() {
    let clips = Clips::new();
    let folder = clips.path("result");
    for name in ["once.mp4", "once.mkv", "once.h264"] {
        let file = clips.joined([CALM, OTHER], true, name);
        let cuts = vec![cut(7.0, 8.0, 9.0), cut(3.0, 6.0, 9.0), cut(1.0, 2.0, 3.0)];
        for (clip, skip) in cut_all(vec![file.clone()], cuts, &folder).into_iter().zip([70, 30, 10]) {
            let clip = clip.expect("a clip");
            assert!(clip.shortfalls.is_empty(), "{name}: {clip:?}");
            are_tenths(&is_sound(&folder, &clip), &file, skip);
        }
    }
}

#[test]
fn a_clip_that_goes_on_in_the_next_file_is_decoded_as_that_file_is() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let a = clips.joined([CALM, OTHER], false, "lane_20240131_100000.mp4");
    let b = clips.pattern(CALM, "lane_20240131_100010.mp4");
    let clip = cut_one(vec![a, b.clone()], cut(8.0, 10.5, 12.0), &folder);
    assert!(clip.shortfalls.is_empty(), "{clip:?}");
    let seen = is_sound(&folder, &clip);
    let second: Vec<_> = seen[20..].iter().map(|(time, hash)| (time - 2000, hash.clone())).collect();
    are_tenths(&second, &b, 0);
}

#[test]
fn a_clip_is_shown_as_its_recording_is() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let plain = clips.pattern(CALM, "plain.mp4");
    let turned = clips.shown(&plain, [0, 1, -1, 0], "turned.mp4");
    let stretched = clips.ffmpeg(&format!("-i {} -c copy -aspect 8:3", plain.display()), "stretched.mkv");
    let within = clips.pattern(&format!("-vf setsar=2/1 {CALM}"), "within.ts");
    for (file, turn, size) in [
        (turned.clone(), Turn::Right, (120, 160)),
        (stretched, Turn::Upright, (320, 120)),
        (within, Turn::Upright, (320, 120)),
    ] {
        let clip = cut_one(vec![file.clone()], cut(3.0, 4.0, 6.0), &folder);
        is_sound(&folder, &clip);
        let path = folder.join(&clip.file.name);
        let stream = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
        assert_eq!((stream.stream().turn, stream.stream().size()), (turn, size), "{}", file.display());
        assert_eq!(stills(file, &[4.0], &folder), [size]);
    }
    // One file cannot show both.
    let clip = cut_one(vec![plain, turned], cut(8.0, 9.0, 12.0), &folder);
    assert_eq!(clip.shortfalls, [Shortfall::StreamChanges { at: at(10.0) }]);
}
