use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{geometry::BBox, rules::Beginning};

/// Overlap with its first box that a thing keeps which never moves.
const SAME_PLACE_IOU: f32 = 0.7;
/// How long a thing must have stood before it may be taken for furniture.
const STOOD_FOR: Duration = Duration::from_secs(15 * 60);
/// How many visits must have come and gone meanwhile without moving it.
const VISITS: u32 = 3;
/// A visit is over when nobody was seen for this long.
const VISIT_OVER: Duration = Duration::from_secs(10);
/// Furniture that is not seen for this long while nobody stands before it is gone.
const GONE_FOR: Duration = Duration::from_secs(60);
/// Most things that are watched for.
const MOST_PIECES: usize = 8;

/// What belongs to an elevator and looks like a two-wheeler: a poster, an advertisement.
///
/// An e-bike is brought in: somebody or something moves when it is first seen. What is first seen while the elevator
/// has been empty and still, at the very start included, belongs to it as long as it keeps its place. Where the elevator
/// was watched before, nobody knows what was brought in meanwhile: what is seen first then does not. A detector that
/// flickers may see a poster first while somebody is there; nothing tells that from an e-bike left standing, except
/// that people come and go and it never moves. So it is raised like any other, and only when it has stood in exactly one
/// place through [`VISITS`] visits and [`STOOD_FOR`] is it taken for furniture too, ends the violation and is passed over
/// from then on. An e-bike that is left in an elevator in use for so long is passed over as well: it has been
/// reported by then.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Furniture {
    pieces: Vec<Piece>,
    /// Visits so far.
    visits: u32,
    /// How long nobody has been seen, and nothing has moved; none where somebody or something never was or did.
    alone_for: Duration,
    still_for: Option<Duration>,
    visited: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Piece {
    bbox: BBox,
    stood: Duration,
    unseen: Duration,
    /// Visits when it was first seen.
    visits_before: u32,
    /// It was there before anybody came.
    always: bool,
}

impl Furniture {
    /// An elevator of which nothing is known.
    pub fn new(beginning: Beginning) -> Self {
        let still_for = match beginning {
            Beginning::First => None,
            Beginning::Again => Some(Duration::ZERO),
        };
        Self { still_for, ..Self::default() }
    }

    /// Whether looks can have told it.
    pub fn is_sound(&self) -> bool {
        self.pieces.len() <= MOST_PIECES && self.pieces.iter().all(|piece| piece.bbox.is_valid())
    }

    /// Nobody could look for a while: what is seen next may have been brought in meanwhile.
    pub fn interrupted(&mut self) {
        self.still_for = Some(Duration::ZERO);
    }

    /// Takes in a look `passed` after the one before: where things stand, whether a person is in the picture, and whether
    /// anything moves.
    pub fn look(&mut self, things: &[BBox], person: bool, moving: bool, passed: Duration) {
        self.still_for = match self.still_for {
            _ if person || moving => Some(Duration::ZERO),
            still_for => still_for.map(|still_for| still_for.saturating_add(passed)),
        };
        if person {
            (self.alone_for, self.visited) = (Duration::ZERO, true);
        } else {
            self.alone_for = self.alone_for.saturating_add(passed);
            if self.visited && self.alone_for >= VISIT_OVER {
                self.visited = false;
                self.visits = self.visits.saturating_add(1);
            }
        }
        for piece in &mut self.pieces {
            piece.stood = piece.stood.saturating_add(passed);
            if things.iter().any(|b| piece.is(b)) {
                piece.unseen = Duration::ZERO;
            } else if !person {
                piece.unseen = piece.unseen.saturating_add(passed);
            }
        }
        self.pieces.retain(|piece| piece.unseen < GONE_FOR);
        let always = self.still_for.is_none_or(|still_for| still_for >= VISIT_OVER);
        for b in things {
            if self.pieces.len() < MOST_PIECES && !self.pieces.iter().any(|piece| piece.is(b)) {
                self.pieces.push(Piece {
                    bbox: *b,
                    stood: Duration::ZERO,
                    unseen: Duration::ZERO,
                    visits_before: self.visits,
                    always,
                });
            }
        }
    }

    /// Whether what is at `bbox` belongs to the elevator.
    pub fn contains(&self, bbox: &BBox) -> bool {
        self.pieces.iter().any(|piece| {
            let proven =
                || piece.stood >= STOOD_FOR && self.visits.saturating_sub(piece.visits_before) >= VISITS;
            piece.is(bbox) && (piece.always || proven())
        })
    }
}

impl Piece {
    fn is(&self, bbox: &BBox) -> bool {
        self.bbox.iou(bbox) >= SAME_PLACE_IOU
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_there_after_nobody_could_look_may_have_been_brought_in() {
        let bike = BBox::new(0.3, 0.4, 0.6, 0.9);
        let second = Duration::from_secs(1);
        let mut furniture = Furniture::default();
        for _ in 0..20 {
            furniture.look(&[], false, false, second);
        }
        let mut across = furniture.clone();
        furniture.look(&[bike], false, false, second);
        assert!(furniture.contains(&bike), "it came into an elevator in which nothing ever moved");
        across.interrupted();
        across.look(&[bike], false, false, second);
        assert!(!across.contains(&bike));
    }
}
