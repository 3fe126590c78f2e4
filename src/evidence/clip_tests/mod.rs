//! Clips are cut from recordings that ffmpeg makes, opened again, and compared with what was recorded.

mod codecs;
mod recordings;
mod shown;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use sha2::{Digest, Sha256};

use super::*;
use crate::{
    domain::{CameraId, MediaTime},
    libav::{Decoder, Input, LibavError, Limits, testing::*},
    results::{Piece, Shortfall},
    source::{Options, Recording},
};

pub(super) fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

fn cut(from: f64, moment: f64, to: f64) -> Cut {
    Cut { from: at(from), at: at(moment), to: at(to), stem: format!("evidence/lane/{from}-{to}") }
}

/// Cuts, reading no further than needed.
fn cut_all(files: Vec<PathBuf>, cuts: Vec<Cut>, folder: &Path) -> Vec<Result<Clip, EvidenceError>> {
    let mut cutter = Cutter::new(cuts, folder);
    let camera = CameraId::new("lane").expect("an id");
    for part in Recording::open(camera, files, Options::default()) {
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
pub(super) fn frames(path: &Path) -> Vec<(Option<i64>, String)> {
    let mut input = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let mut frames = Vec::new();
    let mut receive = |decoder: &mut Decoder| {
        while let Some(frame) = decoder.receive().expect("whole pictures") {
            assert!(!frame.damaged() && !frame.incomplete(), "{}: {:?}", path.display(), frame.time());
            let luma = frame.yuv().expect("planes").luma;
            let mut hash = Sha256::new();
            luma.rows().for_each(|row| hash.update(row));
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
pub(super) fn probe(path: &Path) -> Vec<i64> {
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
fn are_tenths(shown: &[(i64, String)], original: &Path, skip: usize) {
    let expected = frames(original);
    for (i, ((time, hash), (_, should))) in shown.iter().zip(&expected[skip..]).enumerate() {
        assert!((time - i as i64 * 100).abs() <= 1, "{}: {time} ms at {i}", original.display());
        assert_eq!(hash, should, "{}: another picture at {i}", original.display());
    }
}
