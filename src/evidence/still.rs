use std::path::Path;

use crossbeam::channel::{Receiver, Sender};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};

use super::{Caption, EvidenceError, exif, keep};
use crate::{
    decode::{DecoderState, GroupDecoder},
    domain::{EvidenceFile, EvidenceRole, MediaTime},
    libav::{Frame, Pixels, Scaler},
    source::Gop,
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
    /// What is written into it.
    pub caption: Caption,
}

/// A frame of a shot, decoded and not yet drawn on.
pub(super) struct Taken {
    /// Which shot.
    shot: usize,
    rgb: Vec<u8>,
    width: u32,
    height: u32,
}

/// Takes stills from the groups of a recording, given in their order: those without a shot are not decoded.
///
/// Reading the same recording in the same way gives the same media times, so a look's time finds its very frame. What
/// was taken goes to [`develop`], so that one thread decodes while another makes JPEGs.
pub(super) struct Album<'s> {
    shots: &'s [Shot],
    /// Indices of the shots, by their times.
    order: Vec<usize>,
    next: usize,
    /// Where a shot was taken, whether that went well; none of those that were not met.
    results: Vec<Option<Result<(), EvidenceError>>>,
    decoder: GroupDecoder,
    scaler: Scaler,
    state: Option<DecoderState>,
    taken: Sender<Taken>,
}

impl<'s> Album<'s> {
    /// For these shots, in any order; what is taken goes to `taken`.
    pub(super) fn new(shots: &'s [Shot], taken: Sender<Taken>) -> Self {
        let mut order: Vec<usize> = (0..shots.len()).collect();
        order.sort_by_key(|index| shots[*index].at);
        let results = shots.iter().map(|_| None).collect();
        let (decoder, scaler) = (GroupDecoder::for_stills(), Scaler::new());
        Self { shots, order, next: 0, results, decoder, scaler, state: None, taken }
    }

    /// Whether every shot had its turn.
    pub(super) fn done(&self) -> bool {
        self.next == self.order.len()
    }

    /// Takes the stills that lie in a group.
    pub(super) fn take(&mut self, gop: &Gop) {
        let first = self.next;
        while self.order.get(self.next).is_some_and(|index| self.shots[*index].at < gop.end) {
            self.next += 1;
        }
        let within = &self.order[first..self.next];
        let resume = self.state.take();
        // The decoder's state is handed on while a shot may lie in a later chunk of this group.
        if within.is_empty() && (!gop.continued() || self.next == self.order.len()) {
            return;
        }
        let times: Vec<MediaTime> = within.iter().map(|index| self.shots[*index].at).collect();
        let mut times_once = times.clone();
        times_once.dedup();
        let (scaler, taken, results) = (&mut self.scaler, &self.taken, &mut self.results);
        let decoded = self.decoder.decode(gop, &times_once, resume, |index, frame, at| {
            for (shot, time) in within.iter().zip(&times) {
                if times_once.get(index) == Some(time) && at == *time {
                    results[*shot] = Some(rgb(frame, *shot, scaler).map(|picture| {
                        // Where nobody is left to make a file of it, it is told as lost.
                        let _ = taken.send(picture);
                    }));
                }
            }
        });
        match decoded {
            Ok(decoded) => self.state = decoded.state,
            Err(error) => {
                for shot in within {
                    self.results[*shot].get_or_insert(Err(error.clone().into()));
                }
            }
        }
    }

    /// Sends no more, and tells of each shot, in the order given, whether it was taken.
    pub(super) fn finish(self) -> Vec<Result<(), EvidenceError>> {
        let missing = |shot: &Shot| Err(EvidenceError::NotFound(shot.name.clone()));
        self.results
            .into_iter()
            .zip(self.shots)
            .map(|(result, shot)| result.unwrap_or_else(|| missing(shot)))
            .collect()
    }
}

fn rgb(frame: &Frame, shot: usize, scaler: &mut Scaler) -> Result<Taken, EvidenceError> {
    let (width, height) = (frame.width(), frame.height());
    let mut rgb = Vec::new();
    scaler.scale(frame, width, height, Pixels::Rgb, &mut rgb)?;
    Ok(Taken { shot, rgb, width, height })
}

/// Makes files below `folder` of what is taken of `shots`, until no more comes; each with the number of its shot. Several
/// threads may share the work.
pub(super) fn develop(
    taken: &Receiver<Taken>,
    shots: &[Shot],
    folder: &Path,
) -> Vec<(usize, Result<EvidenceFile, EvidenceError>)> {
    let file = |picture: Taken| {
        let shot = shots.get(picture.shot)?;
        Some((picture.shot, file_of(picture, shot, folder)))
    };
    taken.iter().filter_map(file).collect()
}

fn file_of(picture: Taken, shot: &Shot, folder: &Path) -> Result<EvidenceFile, EvidenceError> {
    let Taken { mut rgb, width, height, .. } = picture;
    mark(&mut rgb, width as usize, height as usize, &shot.marks)?;
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    if let Some(block) = exif::block(&shot.caption) {
        // JPEG always has room for it.
        let _ = encoder.set_exif_metadata(block);
    }
    encoder
        .write_image(&rgb, width, height, ExtendedColorType::Rgb8)
        .map_err(|source| EvidenceError::Encode { path: folder.join(&shot.name), source })?;
    keep(folder, shot.name.clone(), shot.role, &jpeg)
}
