//! How large strands are shown what their zones need, from group to group.

use std::sync::Arc;

use super::eye::StrandSpec;
use crate::{
    detect::View,
    domain::{Class, Detection, MediaTime},
    geometry::Polygon,
    judge::Needs,
    looks::{plan::Wanted, region, sizes, sizes::Sizes},
};

/// How the looks of one group are shown.
#[derive(Clone)]
pub(super) struct Shows {
    /// What each strand of the camera does.
    pub specs: Arc<[StrandSpec]>,
    /// The looks at which strands are shown their part as large as can be.
    pub largest: Wanted,
}

/// Decides how large each strand of a camera is shown its part.
///
/// As large as what is seen in its zones needs. Where not enough was seen there, the first look that is due in each block is taken at
/// the largest scale: what can only be found there becomes known by it, and one look in fifteen costs less than a block in five.
pub(super) struct Shown {
    specs: Arc<[StrandSpec]>,
    strands: Vec<OfStrand>,
}

/// That what a rule watches for is too small in its zone to be told surely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooSmall {
    /// How many rows of the network's input it takes up, shown as large as can be.
    pub rows: u16,
    /// How many it is to take up.
    pub wanted: u16,
}

/// From this share of the height that is wanted on, most are found (models/README.md, "By height").
const TOLD_FROM: f32 = 0.5;
/// What takes up this share of the input's height cannot be shown much larger: then the network's input is small, not what is seen.
const LARGE: f32 = 1.0 / 3.0;

struct OfStrand {
    /// The height of what is shown of the picture, as a share of the picture's.
    height: f32,
    /// From the usual one on.
    scales: Vec<f32>,
    rules: Vec<OfRule>,
    /// The block whose first look is known.
    begun: Option<u64>,
}

/// What a rule wants to be shown large enough.
struct OfRule {
    /// Its place among the strand's rules.
    index: usize,
    /// That what it watches for is too small was said.
    said: bool,
    classes: Vec<Class>,
    place: Polygon,
    wanted: f32,
    seen: Sizes,
}

impl Shown {
    /// For strands whose rules need this.
    pub fn new(specs: Arc<[StrandSpec]>, needs: &[Vec<Needs>]) -> Self {
        let strands = specs.iter().zip(needs).map(|(spec, needs)| OfStrand {
            height: spec.view.within.height(),
            scales: region::scales(&spec.view.region, &spec.view.within),
            rules: needs.iter().enumerate().filter_map(|(index, needs)| OfRule::new(index, needs)).collect(),
            begun: None,
        });
        Self { strands: strands.collect(), specs }
    }

    /// What each strand does in the usual scale.
    pub fn specs(&self) -> &Arc<[StrandSpec]> {
        &self.specs
    }

    /// Of a group that begins at `start`, the looks that are the first due in their block; `must` are those due of each strand. A
    /// group that grows is given part by part.
    pub fn first(&mut self, start: MediaTime, must: &[Vec<MediaTime>]) -> Wanted {
        let block = sizes::block(start);
        let mut first = Wanted::new();
        for (index, (strand, times)) in self.strands.iter_mut().zip(must).enumerate() {
            if let Some(time) = times.first().filter(|_| strand.begun != Some(block)) {
                strand.begun = Some(block);
                first.entry(*time).or_default().insert(index);
            }
        }
        first
    }

    /// How the looks of a group that begins at `start` are shown, of which these are the first in their block.
    pub fn decide(&self, start: MediaTime, first: &Wanted) -> Shows {
        let block = sizes::block(start);
        let scales: Vec<Option<f32>> = self.strands.iter().map(|strand| strand.scale(block)).collect();
        let is_open = |strand: &usize| scales.get(*strand).is_some_and(Option::is_none);
        let largest = first.iter().map(|(time, strands)| (*time, strands.iter().filter(is_open).collect()));
        let shown = |(spec, scale): (&StrandSpec, &Option<f32>)| {
            let View { region, within } = spec.view;
            let within = scale.map_or(within, |scale| region::within(&region, &within, scale));
            StrandSpec { view: View { region, within }, ..spec.clone() }
        };
        let usual = scales.iter().all(|scale| scale.is_none_or(|scale| scale <= 1.0));
        let specs =
            if usual { Arc::clone(&self.specs) } else { self.specs.iter().zip(&scales).map(shown).collect() };
        Shows { specs, largest: largest.collect() }
    }

    /// Takes in what a strand found anew in a group that begins at `start`, where the height of a picture takes up `rows` of the
    /// network's input in the usual scale. Returns what of it is too small for which of the strand's rules, however it is shown: each
    /// is said once.
    pub fn note(
        &mut self,
        start: MediaTime,
        strand: usize,
        found: &[Detection],
        rows: f32,
    ) -> Vec<(usize, TooSmall)> {
        let Some(strand) = self.strands.get_mut(strand) else { return Vec::new() };
        let largest = strand.scales.last().copied().unwrap_or(1.0);
        for rule in &mut strand.rules {
            let there =
                |d: &&Detection| rule.classes.contains(&d.class) && rule.place.contains(d.bbox.anchor());
            for detection in found.iter().filter(there) {
                rule.seen.note(sizes::block(start), rows * detection.bbox.height());
            }
        }
        // How many rows the picture takes up then, as if all of it were shown.
        let shown = strand.height * rows;
        strand
            .rules
            .iter_mut()
            .filter_map(|rule| Some((rule.index, rule.too_small(largest, shown)?)))
            .collect()
    }
}

impl OfStrand {
    /// The scale for groups of a block: the largest that one of its rules needs. None where not enough is known.
    fn scale(&self, block: u64) -> Option<f32> {
        if self.scales.len() <= 1 || self.rules.is_empty() {
            return Some(1.0);
        }
        let enough = |rule: &OfRule| Some(sizes::enough(&self.scales, rule.seen.usual(block)?, rule.wanted));
        self.rules.iter().map(enough).try_fold(1.0, |most: f32, scale| scale.map(|scale| most.max(scale)))
    }
}

impl OfRule {
    fn new(index: usize, needs: &Needs) -> Option<Self> {
        let (classes, place) = (needs.classes.clone(), needs.place.clone());
        let wanted = f32::from(needs.rows?);
        Some(Self { index, said: false, classes, place, wanted, seen: Sizes::default() })
    }

    /// What it watches for, where that is too small even `largest` times as large as usual, and that was not said yet; the network's
    /// input has `shown` rows.
    fn too_small(&mut self, largest: f32, shown: f32) -> Option<TooSmall> {
        let rows = self.seen.lately()? * largest;
        if self.said || rows >= TOLD_FROM * self.wanted || rows >= LARGE * shown {
            return None;
        }
        self.said = true;
        Some(TooSmall { rows: rows.round() as u16, wanted: self.wanted as u16 })
    }
}
