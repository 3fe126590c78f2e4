use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Clip, Cut, EvidenceError,
    writing::{Around, Sealed, Taken, Writing},
};
use crate::{
    domain::MediaTime,
    geometry::Polygon,
    source::{Gop, Part},
};

/// How many bytes of a group that comes in chunks are kept for clips that may begin in its later chunks.
const CHAIN_BYTES: usize = 64 << 20;

/// Cuts clips from a camera's recording while that is read once, copying packets.
///
/// Clips are written as the recording is read: what is held in memory is the group at hand, and of groups that come in
/// chunks, the chunks before it.
pub struct Cutter {
    folder: PathBuf,
    /// Those that have not begun, the earliest first, each with its place among the results.
    waiting: VecDeque<(usize, Cut)>,
    open: Vec<(usize, Writing)>,
    /// What became of those that are complete or failed, by their places.
    results: BTreeMap<usize, Result<Clip, EvidenceError>>,
    chain: Chain,
    pub(super) chain_bytes: usize,
    /// Name of the file at hand; empty for live cameras.
    file: String,
    /// Media time of its first picture.
    file_from: MediaTime,
    /// The epoch of the group before.
    epoch: Option<u32>,
    broken: bool,
    origin: Origin,
    masks: Arc<[Polygon]>,
    place: Place,
}

/// Gives a clip that is complete its name.
type Place = Box<dyn FnMut(Sealed) -> Result<Clip, EvidenceError> + Send>;

/// What the first group that is given stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The recording begins with it, where it is of the first file.
    Recording,
    /// It was not the first: those before it are no longer there.
    Passed,
    /// Nothing was recorded before it.
    Begins,
}

impl Cutter {
    /// For these clips, which come to lie in `folder`. They may overlap; each is a file of its own.
    pub fn new(cuts: Vec<Cut>, folder: &Path) -> Self {
        let mut waiting: Vec<(usize, Cut)> = cuts.into_iter().enumerate().collect();
        waiting.sort_by_key(|(_, cut)| cut.from);
        Self {
            folder: folder.to_owned(),
            waiting: waiting.into(),
            open: Vec::new(),
            results: BTreeMap::new(),
            chain: Chain::default(),
            chain_bytes: CHAIN_BYTES,
            file: String::new(),
            file_from: MediaTime::ZERO,
            epoch: None,
            broken: false,
            origin: Origin::Recording,
            masks: Arc::new([]),
            place: Box::new(Sealed::place),
        }
    }

    /// The same, with clips in which these parts of the picture are black: they are encoded anew.
    #[must_use]
    pub fn masked(self, masks: &[Polygon]) -> Self {
        Self { masks: masks.into(), ..self }
    }

    /// The same, for a live camera's groups, of which `origin` tells what the first is. `place` gives a clip its name.
    pub(super) fn live(self, origin: Origin, place: Place) -> Self {
        Self { origin, place, ..self }
    }

    /// Whether all clips are complete, or failed: no more parts are needed.
    pub fn done(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty()
    }

    /// Takes the next part of the recording; none may be left out.
    pub fn take(&mut self, part: &Part) {
        match part {
            Part::Epoch { epoch, .. } => {
                self.file = epoch.file.clone().unwrap_or_default();
                self.file_from = epoch.from;
            }
            Part::Gop(gop) => self.group(gop),
            Part::GapClosed(gap) => {
                self.broken = true;
                for (_, writing) in &mut self.open {
                    writing.gap(gap.from, gap.to.unwrap_or(gap.from));
                }
            }
            Part::Failed { .. } => self.open.iter_mut().for_each(|(_, writing)| writing.breaks()),
            Part::Growing(_) | Part::GapOpened(_) | Part::Notice(_) => {}
        }
    }

    /// Completes what is still open, and tells what became of each cut, in their order.
    pub fn finish(mut self) -> Vec<Result<Clip, EvidenceError>> {
        for (index, writing) in std::mem::take(&mut self.open) {
            let made = self.close(writing);
            self.results.insert(index, made);
        }
        for (index, cut) in std::mem::take(&mut self.waiting) {
            self.results.insert(index, Err(EvidenceError::NotFound(cut.stem)));
        }
        self.results.into_values().collect()
    }

    fn group(&mut self, gop: &Arc<Gop>) {
        let broken = std::mem::take(&mut self.broken) || self.epoch != Some(gop.epoch);
        // Whole files may be passed over before the first that is given.
        let first = self.epoch.replace(gop.epoch).is_none()
            && match self.origin {
                Origin::Recording => gop.epoch == 0,
                Origin::Passed => false,
                Origin::Begins => true,
            };
        if self.done() {
            return;
        }
        let (file, file_from) = (self.file.clone(), self.file_from);
        let around = |broken, first| Around { file: &file, file_from, broken, first };
        for (index, writing) in std::mem::take(&mut self.open) {
            self.go_on(index, writing, std::iter::once((gop, around(broken, first))));
        }
        self.chain.push(gop, first, self.chain_bytes);
        while self.waiting.front().is_some_and(|(_, cut)| cut.from < gop.end) {
            let Some((index, cut)) = self.waiting.pop_front() else { break };
            let chain = self.chain.clone();
            let groups = chain.groups.iter().map(|(gop, first)| (gop, around(false, *first)));
            let writing = Writing::new(cut, &self.folder, &self.masks);
            self.go_on(index, writing, groups);
        }
        if !gop.continued() || self.waiting.is_empty() {
            self.chain = Chain::default();
        }
    }

    fn close(&mut self, writing: Writing) -> Result<Clip, EvidenceError> {
        (self.place)(writing.seal()?)
    }

    /// Gives groups to a clip until it is complete.
    fn go_on<'a>(
        &mut self,
        index: usize,
        mut writing: Writing,
        groups: impl Iterator<Item = (&'a Arc<Gop>, Around<'a>)>,
    ) {
        for (gop, around) in groups {
            match writing.take(gop, &around) {
                Ok(Taken::Open) => {}
                Ok(Taken::Complete) => {
                    let made = self.close(writing);
                    self.results.insert(index, made);
                    return;
                }
                Err(error) => {
                    self.results.insert(index, Err(error));
                    return;
                }
            }
        }
        self.open.push((index, writing));
    }
}

/// The chunks of a group up to the one at hand, each with whether the recording begins with it.
#[derive(Clone, Default)]
struct Chain {
    groups: VecDeque<(Arc<Gop>, bool)>,
    bytes: usize,
}

impl Chain {
    /// Adds the group at hand. Over `bytes`, the oldest chunks are dropped.
    fn push(&mut self, gop: &Arc<Gop>, first: bool, bytes: usize) {
        if !gop.continues() {
            *self = Self::default();
        }
        self.bytes += gop.bytes();
        self.groups.push_back((Arc::clone(gop), first));
        while self.bytes > bytes && self.groups.len() > 1 {
            self.bytes -= self.groups.pop_front().map_or(0, |(oldest, _)| oldest.bytes());
        }
    }
}
