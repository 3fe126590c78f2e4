use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::*;
use crate::{
    domain::{CameraId, MediaTime},
    libav::{Decoder, Input, Limits, testing::*},
    source::{Options, Recording},
};

/// As [`H264`], with open groups: pictures before a key frame that refer to the group before.
const H264_OPEN: &str =
    "-c:v libx264 -g 25 -keyint_min 25 -sc_threshold 0 -bf 3 -x264-params open-gop=1:b-pyramid=normal";
const H265: &str = "-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0";
const H265_OPEN: &str = "-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=1";
const VP8: &str = "-c:v libvpx -g 25 -keyint_min 25 -deadline realtime -cpu-used 8";
const VP9: &str = "-c:v libvpx-vp9 -g 25 -keyint_min 25 -deadline realtime -cpu-used 8";

fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

fn cut(from: f64, moment: f64, to: f64) -> Cut {
    Cut { from: at(from), at: at(moment), to: at(to), stem: format!("evidence/lane/{from}-{to}") }
}

/// Cuts, reading no further than needed.
fn cut_all(files: Vec<PathBuf>, cuts: Vec<Cut>, folder: &Path) -> Vec<Result<Clip, EvidenceError>> {
    let mut cutter = Cutter::new(cuts, folder);
    let camera = CameraId::new("lane").expect("an id");
    for part in Recording::open(camera, files, Options::default()).expect("files") {
        if cutter.done() {
            break;
        }
        cutter.take(&part);
    }
    cutter.finish()
}

fn cut_one(files: Vec<PathBuf>, cut: Cut, folder: &Path) -> Clip {
    let mut clips = cut_all(files, vec![cut], folder);
    assert_eq!(clips.len(), 1);
    clips.remove(0).expect("a clip")
}

/// When each frame of a file is shown, in milliseconds where that is known, and its luma's hash; all of them decode
/// without damage.
fn frames(path: &Path) -> Vec<(Option<i64>, String)> {
    let mut input = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let mut frames = Vec::new();
    let mut receive = |decoder: &mut Decoder| {
        while let Some(frame) = decoder.receive().expect("whole pictures") {
            assert!(!frame.damaged() && !frame.incomplete(), "{}: {:?}", path.display(), frame.time());
            let (luma, stride) = frame.luma().expect("a luma plane");
            let mut hash = Sha256::new();
            luma.chunks(stride).for_each(|row| hash.update(&row[..frame.width() as usize]));
            frames.push((frame.time().map(|t| (t + 500).div_euclid(1000)), format!("{:x}", hash.finalize())));
        }
    };
    while let Some(packet) = input.read().expect("reads") {
        decoder.send(&packet).expect("a whole picture");
        receive(&mut decoder);
    }
    decoder.drain();
    receive(&mut decoder);
    frames
}

/// Times of decoding as ffprobe tells them, in microseconds.
fn probe(path: &Path) -> Vec<i64> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_entries", "packet=dts_time", "-of", "csv=p=0"])
        .arg(path)
        .output()
        .expect("ffprobe comes with ffmpeg");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && words.is_empty(), "{}: {words}", path.display());
    let text = String::from_utf8(output.stdout).expect("text");
    let seconds = |line: &str| line.trim().trim_end_matches(',').parse::<f64>().ok();
    text.lines().filter_map(seconds).map(|s| (s * 1e6).round() as i64).collect()
}

/// Checks that a clip's file is sound, and as long as the clip says; gives back its frames.
fn is_sound(folder: &Path, clip: &Clip) -> Vec<(i64, String)> {
    let name = &clip.file.name;
    let path = folder.join(name);
    let bytes = std::fs::read(&path).expect("the clip");
    assert_eq!(bytes.len() as u64, clip.file.bytes);
    assert_eq!(format!("{:x}", Sha256::digest(&bytes)), clip.file.sha256);
    assert!(!bytes.windows(4).any(|w| w == b"elst"), "{name}: an edit list");
    let dts = probe(&path);
    assert!(dts.windows(2).all(|w| w[0] < w[1]), "{name}: {dts:?}");
    let input = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
    let lasts = i64::try_from(clip.last.since(clip.first).as_micros()).expect("short");
    let said = input.duration().expect("a duration");
    assert!((said - lasts).abs() <= 1000, "{name}: {lasts} µs, the file says {said}");
    let frames: Vec<_> = frames(&path).into_iter().map(|(t, hash)| (t.expect("a time"), hash)).collect();
    assert_eq!(frames.len(), dts.len(), "{name}");
    assert_eq!(frames.first().map(|(t, _)| *t), Some(0), "{name}");
    frames
}

/// Checks that frames follow each other every tenth of a second and are `original`'s from `skip` on.
fn are_tenths(frames: &[(i64, String)], original: &Path, skip: usize) {
    let expected = super::tests::frames(original);
    for (i, ((time, hash), (_, should))) in frames.iter().zip(&expected[skip..]).enumerate() {
        assert!((time - i as i64 * 100).abs() <= 1, "{}: {time} ms at {i}", original.display());
        assert_eq!(hash, should, "{}: another picture at {i}", original.display());
    }
}

#[test]
fn clips_of_every_codec_hold_what_was_recorded() {
    let clips = Clips::new();
    let folder = clips.path("result");
    // Expected: where the clip begins and how many tenths of a second it lasts.
    let mut bad = Vec::new();
    for (codec, name, extension, begins, ahead) in [
        (H264, "a.mp4", "mp4", 2.5, 3),
        (H264, "a.mkv", "mp4", 2.5, 3),
        (H264, "a.ts", "mp4", 2.5, 3),
        (H264, "a.avi", "mp4", 2.5, 3),
        (H264, "raw.h264", "mp4", 2.5, 3),
        (H264_PLAIN, "plain.mp4", "mp4", 2.5, 0),
        (H264_OPEN, "open.mp4", "mp4", 2.5, 3),
        (H264_OPEN, "open.ts", "mp4", 2.5, 3),
        (H265, "h265.mp4", "mp4", 2.5, 4),
        (H265_OPEN, "open265.ts", "mp4", 2.5, 4),
        ("-c:v mpeg4 -g 25 -sc_threshold 1000000000", "plain.avi", "mp4", 2.5, 0),
        ("-c:v mpeg4 -bf 2 -g 25 -sc_threshold 1000000000", "b.mkv", "mp4", 2.5, 2),
        ("-c:v msmpeg4 -g 25 -sc_threshold 1000000000", "ms.avi", "mkv", 2.5, 0),
        ("-c:v mjpeg -pix_fmt yuvj420p", "jpeg.avi", "mp4", 3.0, 0),
        (VP8, "vp8.webm", "mkv", 2.5, 0),
        (VP9, "vp9.webm", "mp4", 2.5, 0),
    ] {
        let recording = clips.pattern(codec, name);
        let clip = cut_one(vec![recording.clone()], cut(3.0, 4.0, 6.0), &folder);
        eprintln!("{name}: {clip:?}");
        let run = || {
            assert_eq!(clip.file.name, format!("evidence/lane/3-6.{extension}"), "{name}");
            assert!((clip.first.as_secs_f64() - begins).abs() < 0.002, "{name}: {:?}", clip.first);
            let frames = is_sound(&folder, &clip);
            let more = frames.len() - (61 - (begins * 10.0) as usize);
            assert!(more <= ahead, "{name}: {more} more");
            are_tenths(&frames, &recording, (begins * 10.0) as usize);
            assert!(clip.shortfalls.is_empty(), "{name}: {:?}", clip.shortfalls);
        };
        if std::panic::catch_unwind(run).is_err() {
            bad.push(name);
        }
    }
    assert!(bad.is_empty(), "{bad:?}");
}
