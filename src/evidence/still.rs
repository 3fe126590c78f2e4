use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
};

use crossbeam::channel::{Receiver, Sender};
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder};
use uuid::Uuid;

use super::{Caption, EvidenceError, exif, keep};
use crate::{
    decode::{DecoderState, GroupDecoder},
    domain::{EvidenceFile, EvidenceRole, MediaTime, Moment},
    geometry::Polygon,
    libav::{Frame, Pixels, Scaler},
    results::{Entry, Handling, Piece},
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
    picture: Colours,
}

/// A picture in red, green and blue, one byte each, in rows without gaps between them.
#[derive(Clone)]
pub(super) struct Colours {
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
    /// Those that had no turn yet, the earliest first, each with its index.
    waiting: VecDeque<(usize, &'s Shot)>,
    /// Of the shots that were taken, by their index, whether that went well; none of those that were not met.
    results: BTreeMap<usize, Result<(), EvidenceError>>,
    decoder: GroupDecoder,
    scaler: Scaler,
    state: Option<DecoderState>,
    taken: Sender<Taken>,
}

impl<'s> Album<'s> {
    /// For these shots, in any order; what is taken goes to `taken`.
    pub(super) fn new(shots: &'s [Shot], taken: Sender<Taken>) -> Self {
        let mut waiting: Vec<(usize, &Shot)> = shots.iter().enumerate().collect();
        waiting.sort_by_key(|(_, shot)| shot.at);
        let (decoder, scaler) = (GroupDecoder::for_stills(), Scaler::new());
        let (waiting, results) = (waiting.into(), BTreeMap::new());
        Self { shots, waiting, results, decoder, scaler, state: None, taken }
    }

    /// Whether every shot had its turn.
    pub(super) fn done(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the stills that lie in a group.
    pub(super) fn take(&mut self, gop: &Gop) {
        let due = self.waiting.partition_point(|(_, shot)| shot.at < gop.end);
        let within: Vec<(usize, &Shot)> = self.waiting.drain(..due).collect();
        let resume = self.state.take();
        // The decoder's state is handed on while a shot may lie in a later chunk of this group.
        if within.is_empty() && (!gop.continued() || self.done()) {
            return;
        }
        let mut times: Vec<MediaTime> = within.iter().map(|(_, shot)| shot.at).collect();
        times.dedup();
        let (scaler, taken, results) = (&mut self.scaler, &self.taken, &mut self.results);
        let decoded = self.decoder.decode(gop, &times, resume, |index, frame, at| {
            for (number, shot) in &within {
                if times.get(index) == Some(&shot.at) && at == shot.at {
                    let result = Colours::of(frame, scaler).map(|picture| {
                        // Where nobody is left to make a file of it, it is told as lost.
                        let _ = taken.send(Taken { shot: *number, picture });
                    });
                    results.insert(*number, result);
                }
            }
        });
        match decoded {
            Ok(decoded) => self.state = decoded.state,
            Err(error) => {
                for (number, _) in within {
                    self.results.entry(number).or_insert_with(|| Err(error.clone().into()));
                }
            }
        }
    }

    /// Sends no more, and tells of each shot, in the order given, whether it was taken.
    pub(super) fn finish(mut self) -> Vec<Result<(), EvidenceError>> {
        let missing = |shot: &Shot| Err(EvidenceError::NotFound(shot.name.clone()));
        self.shots
            .iter()
            .enumerate()
            .map(|(number, shot)| self.results.remove(&number).unwrap_or_else(|| missing(shot)))
            .collect()
    }
}

impl Colours {
    pub(super) fn of(frame: &Frame, scaler: &mut Scaler) -> Result<Self, EvidenceError> {
        let (width, height) = (frame.width(), frame.height());
        let mut rgb = Vec::new();
        scaler.scale(frame, width, height, Pixels::Rgb, &mut rgb)?;
        Ok(Self { rgb, width, height })
    }

    /// The bytes of the still's file. `path` is only for the message.
    pub(super) fn jpeg(mut self, shot: &Shot, path: &Path) -> Result<Vec<u8>, EvidenceError> {
        mark(&mut self.rgb, self.width as usize, self.height as usize, &shot.marks)?;
        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
        if let Some(block) = exif::block(&shot.caption) {
            // JPEG always has room for it.
            let _ = encoder.set_exif_metadata(block);
        }
        encoder
            .write_image(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)
            .map_err(|source| EvidenceError::Encode { path: path.to_owned(), source })?;
        Ok(jpeg)
    }
}

/// The line in the manifest of a still of a violation's moment, on which these parts are black.
pub(super) fn entry(file: EvidenceFile, violation: Uuid, moment: &Moment, masks: &[Polygon]) -> Entry {
    let place = moment.file.clone().zip(moment.file_s);
    Entry {
        name: file.name,
        role: file.role,
        violation,
        sha256: file.sha256,
        bytes: file.bytes,
        first_s: moment.media_s,
        last_s: moment.media_s,
        source: place.into_iter().map(|(file, at)| Piece { file, from_s: at, to_s: at }).collect(),
        shortfalls: Vec::new(),
        coding: None,
        handling: if masks.is_empty() { Handling::AsRecorded } else { Handling::Masked },
    }
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

fn file_of(taken: Taken, shot: &Shot, folder: &Path) -> Result<EvidenceFile, EvidenceError> {
    let jpeg = taken.picture.jpeg(shot, &folder.join(&shot.name))?;
    keep(folder, shot.name.clone(), shot.role, &jpeg)
}
