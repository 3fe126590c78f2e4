use std::path::Path;

use image::{ExtendedColorType, codecs::jpeg::JpegEncoder};

use super::{EvidenceError, keep};
use crate::{
    decode::GroupDecoder,
    domain::{EvidenceFile, EvidenceRole, MediaTime},
    libav::{Frame, Pixels, Scaler},
    source::{Part, Recording},
    vision::{Marks, mark},
};

/// JPEG quality, 1 to 100: at 90 a face at ten metres is as good as in the recording.
const QUALITY: u8 = 90;

/// A still to be taken from a recording.
#[derive(Debug, Clone)]
pub struct Shot {
    /// When.
    pub at: MediaTime,
    /// What it shows.
    pub role: EvidenceRole,
    /// Path within the result folder.
    pub name: String,
    /// What is drawn on it.
    pub marks: Marks,
}

/// Takes stills from a recording, which is read once more: groups without a shot are not decoded. Results come in
/// the order of `shots`.
///
/// Reading the same recording in the same way gives the same media times, so a look's time finds its very frame.
pub fn stills(
    recording: Recording,
    shots: &[Shot],
    folder: &Path,
) -> Vec<Result<EvidenceFile, EvidenceError>> {
    let mut order: Vec<usize> = (0..shots.len()).collect();
    order.sort_by_key(|index| shots[*index].at);
    let mut results: Vec<Option<Result<EvidenceFile, EvidenceError>>> = shots.iter().map(|_| None).collect();
    let (mut decoder, mut scaler) = (GroupDecoder::new(), Scaler::new());
    let mut state = None;
    let mut next = 0;
    for part in recording {
        if next == order.len() {
            break;
        }
        let Part::Gop(gop) = part else { continue };
        let first = next;
        while order.get(next).is_some_and(|index| shots[*index].at < gop.end) {
            next += 1;
        }
        let within = &order[first..next];
        let resume = state.take();
        if within.is_empty() && !gop.continued {
            continue;
        }
        let times: Vec<MediaTime> = within.iter().map(|index| shots[*index].at).collect();
        let mut times_once = times.clone();
        times_once.dedup();
        let decoded = decoder.decode(&gop, &times_once, resume, |index, frame, at| {
            for (shot, time) in within.iter().zip(&times) {
                if times_once.get(index) == Some(time) && at == *time {
                    results[*shot] = Some(take(frame, &shots[*shot], &mut scaler, folder));
                }
            }
        });
        match decoded {
            Ok(decoded) => state = decoded.state,
            Err(error) => {
                if let Some(shot) = within.first() {
                    results[*shot].get_or_insert(Err(error.into()));
                }
            }
        }
    }
    let missing = |shot: &Shot| Err(EvidenceError::NotFound(shot.name.clone()));
    results.into_iter().zip(shots).map(|(result, shot)| result.unwrap_or_else(|| missing(shot))).collect()
}

fn take(
    frame: &Frame,
    shot: &Shot,
    scaler: &mut Scaler,
    folder: &Path,
) -> Result<EvidenceFile, EvidenceError> {
    let (width, height) = (frame.width(), frame.height());
    let mut rgb = Vec::new();
    scaler.scale(frame, width, height, Pixels::Rgb, &mut rgb)?;
    mark(&mut rgb, width as usize, height as usize, &shot.marks)?;
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
        .encode(&rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(|source| EvidenceError::Encode { path: folder.join(&shot.name), source })?;
    keep(folder, shot.name.clone(), shot.role, &jpeg)
}
