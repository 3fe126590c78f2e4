//! What looks say at which no more than a trace of an e-bike is seen.

use super::{Bike, Cabin, Elevator};
use crate::{
    domain::Detection,
    geometry::BBox,
    kinds::ebike_in_elevator::suspicion::{Says, neutral, weight, weight_of_trace},
    rules::Look,
};

impl Elevator {
    /// The surest trace of a two-wheeler that moves on the floor: of the one that is suspected, where one is. What was seen there as
    /// something else is none.
    pub(super) fn trace(&self, look: &Look) -> Option<Bike> {
        if !self.moving(look) || self.rivals.any() {
            return None;
        }
        let suspected = match &self.state {
            Cabin::Absent(Some((_, bike))) => Some(bike.bbox),
            Cabin::Absent(None) | Cabin::Present(_) => None,
        };
        let sure = look.seen().map(|(_, d)| d);
        let others: Vec<&Detection> = sure
            .chain(look.faint())
            .filter(|d| d.class.is_two_wheeler() && !self.keys.classes.contains(&d.class))
            .collect();
        let counts = |d: &&Detection| {
            let moves = look.scene.changed_in.is_none_or(|changed| changed.intersection(&d.bbox) > 0.0);
            let is_other =
                |other: &&Detection| other.confidence > d.confidence && is_near(&other.bbox, &d.bbox);
            self.is_watched(d)
                && moves
                && suspected.is_none_or(|bbox| is_near(&bbox, &d.bbox))
                && !others.iter().any(is_other)
        };
        let trace = look.faint().find(counts)?;
        Some(Bike::seen(trace))
    }

    /// How sure a look is of what is watched for, wherever it is: of `best`, or of a trace.
    pub(super) fn surest(&self, look: &Look, best: Option<Bike>) -> f32 {
        let trace = look.faint().find(|d| self.is_watched(d)).map(|d| d.confidence);
        best.map(|bike| bike.confidence).into_iter().chain(trace).fold(0.0, f32::max)
    }

    /// Whether it is of a watched class, on the floor, and does not belong to the elevator.
    fn is_watched(&self, d: &Detection) -> bool {
        self.keys.classes.contains(&d.class)
            && self.keys.floor.contains(d.bbox.anchor())
            && !self.furniture.contains(&d.bbox)
    }

    /// What a look says at which `best` is seen and says so much, or a trace is.
    pub(super) fn says(&self, best: Option<Bike>, clearly: f64, trace: Option<Bike>) -> Says {
        let asked = self.keys.confidence;
        let turn = self.background.turn(neutral(asked));
        // What pays for having been something else says nothing as a trace either.
        let best = best.filter(|bike| clearly >= weight(Some(bike.confidence), asked));
        let of = |bike: Bike| weight_of_trace(bike.confidence, turn, asked);
        let with_traces = best.into_iter().chain(trace).map(of).fold(clearly, f64::max);
        Says { clearly, with_traces }
    }
}

/// Whether two boxes may be of one thing that moves a little from look to look: the middle of one lies in the other.
pub(super) fn is_near(one: &BBox, other: &BBox) -> bool {
    let holds = |bbox: &BBox, of: &BBox| {
        let middle = of.center();
        (bbox.left..=bbox.right).contains(&middle.x) && (bbox.top..=bbox.bottom).contains(&middle.y)
    };
    holds(one, other) || holds(other, one)
}
