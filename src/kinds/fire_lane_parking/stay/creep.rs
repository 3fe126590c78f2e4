//! Whether a stay's vehicle creeps while its box still overlaps its place.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::{BOXES_OF_PLACE, Stay, median};
use crate::{
    domain::{MediaTime, micros},
    geometry::BBox,
};

/// By how much of its own size, and of the picture, the medians of its boxes must lie apart. Single boxes jitter by more;
/// a median of some does not.
const OFF: f32 = 0.15;
const JITTER: f32 = 0.007;
/// Boxes that tell where it is now.
const LAST: usize = 3;
/// How close to the picture's edge a box ends that the picture cuts off.
const AT_EDGE: f32 = 0.01;

/// Where a vehicle was when its stay began, and where it is now.
///
/// A box's overlap with its place allows for jitter, so a vehicle that creeps takes a while to lose it. It has moved where
/// both ends of its box went the same way: what comes to stand before it moves one end alone. Of a box that the picture
/// cuts off one end is seen, so that there the two cannot be told.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Creep {
    first: Vec<BBox>,
    last: VecDeque<BBox>,
    /// Since when the one end that is seen of what the picture cuts off has been elsewhere.
    #[serde(with = "micros::optional")]
    cut_since: Option<MediaTime>,
    /// Both ends are elsewhere.
    moved: bool,
}

impl Creep {
    pub fn begun(bbox: BBox) -> Self {
        Self { first: vec![bbox], ..Self::default() }
    }

    /// Takes in a box of it. One that cuts it out `otherwise` than its place tells nothing of movement, but at the picture's
    /// edge: there a box that shrinks looks like that.
    pub fn note(&mut self, bbox: BBox, otherwise: bool, at: MediaTime) {
        if otherwise && !is_cut(&bbox) {
            return;
        }
        if self.first.len() < BOXES_OF_PLACE {
            self.first.push(bbox);
            return;
        }
        if self.last.len() >= LAST {
            self.last.pop_front();
        }
        self.last.push_back(bbox);
        if self.last.len() < LAST {
            return;
        }
        let (was, is) = (median(&self.first), median(self.last.make_contiguous()));
        let across = shift((was.left, was.right), (is.left, is.right));
        let down = shift((was.top, was.bottom), (is.top, is.bottom));
        let off = |way: &Shift, size: f32| way.by > OFF * size + JITTER;
        let ways = [(across, was.width()), (down, was.height())];
        self.moved = ways.iter().any(|(way, size)| !way.cut && off(way, *size));
        let at_edge = ways.iter().any(|(way, size)| way.cut && off(way, *size));
        self.cut_since = at_edge.then(|| self.cut_since.unwrap_or(at));
    }

    pub fn is_sound(&self, until: MediaTime) -> bool {
        self.first.len() <= BOXES_OF_PLACE
            && self.last.len() <= LAST
            && self.first.iter().chain(&self.last).all(BBox::is_valid)
            && self.cut_since.is_none_or(|since| since <= until)
    }
}

/// Whether the picture cuts off a part of it other than its top.
fn is_cut(bbox: &BBox) -> bool {
    bbox.left <= AT_EDGE || bbox.right.max(bbox.bottom) >= 1.0 - AT_EDGE
}

/// How far both ends of a box went one way.
struct Shift {
    by: f32,
    /// The picture cuts off one end, so that the other told alone.
    cut: bool,
}

fn shift(was: (f32, f32), is: (f32, f32)) -> Shift {
    let (near, far) = (is.0 - was.0, is.1 - was.1);
    let near_cut = was.0.max(is.0) <= AT_EDGE;
    let far_cut = was.1.min(is.1) >= 1.0 - AT_EDGE;
    let by = match (near_cut, far_cut) {
        (true, true) => 0.0,
        (true, false) => far.abs(),
        (false, true) => near.abs(),
        (false, false) if near * far > 0.0 => near.abs().min(far.abs()),
        (false, false) => 0.0,
    };
    Shift { by, cut: near_cut || far_cut }
}

impl Stay {
    /// The picture is shifted: boxes of before tell nothing of movement any more.
    pub fn picture_shifted(&mut self) {
        self.creep = Creep::default();
    }

    /// Whether its vehicle is no longer where it was when its stay began, or that cannot be told.
    pub(super) fn is_creeping(&self) -> bool {
        !self.is_notified() && (self.creep.moved || self.creep.cut_since.is_some())
    }

    /// Whether its vehicle has left where it stood, in small steps: what is seen of it from now on is another stay. At the
    /// picture's edge something may have hidden one end of it, for `occlusion` at most.
    pub fn has_crept_off(&self, now: MediaTime, occlusion: Duration) -> bool {
        let for_long = |since: MediaTime| now.since(since) >= occlusion;
        !self.is_notified() && (self.creep.moved || self.creep.cut_since.is_some_and(for_long))
    }
}
