//! What others ask of the settings of a rule, whatever its kind.

use std::time::Duration;

use super::{check::Check, still::Still};
use crate::{
    domain::{Class, ModelName},
    geometry::{BBox, Polygon},
};

/// What of a picture a rule's detector is shown, where all of it may matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// All of it.
    AsItIs,
    /// What lies within black bars, where it has some: so things are shown larger.
    WithinBars,
}

/// The settings of a kind, as others see them. The keys that all kinds share (`name`, `schedule`, `every`, `model`) are
/// not among them.
pub trait Keys {
    /// The zone beside which nothing matters to the rule; none where what matters may be seen anywhere.
    fn zone(&self) -> Option<&Polygon>;

    /// The part of the picture in which things count. Stills show it.
    fn place(&self) -> &Polygon;

    /// The classes it watches for.
    fn classes(&self) -> &[Class];

    /// How often the rule must look at least, where the user set nothing.
    fn every(&self) -> Duration;

    /// The same where the recording tells that nothing moves.
    fn quiet(&self) -> Duration;

    /// The detector of the kind's own, where the rule names none; none for the camera's.
    fn model(&self) -> Option<ModelName>;

    /// The confidence below which a detection is of no use to the rule, where that is not the detector's own matter.
    fn least_confidence(&self) -> Option<f32>;

    /// The confidence from which on it adds up over looks what a detector of its own saw below that; none where it does not.
    fn faint_confidence(&self) -> Option<f32> {
        None
    }

    /// How many rows of a network's input what it watches for is to take up, where it can be shown that large; none where the usual
    /// scale is to do.
    fn rows(&self) -> Option<u16>;

    /// How a detector of its own is shown a picture.
    fn framing(&self) -> Framing {
        Framing::AsItIs
    }

    /// Whether its detections must carry their appearance.
    fn appearance(&self) -> bool;

    /// How long something must be seen before it is a violation. In less footage than that the rule can find nothing.
    fn least_time(&self) -> Duration;

    /// After a gap as long as this the rule begins anew; none where gaps reset nothing.
    fn forgets_after(&self) -> Option<Duration>;

    /// How many must be there at least, where that is what the rule asks for. A timeline shows it as a line.
    fn required(&self) -> Option<u32>;

    /// Tells what is wrong with the settings beyond what their types say.
    fn check(&self, check: &Check);

    /// What is boxed on a still of a violation.
    fn boxes(&self, still: &Still) -> Vec<BBox>;
}

/// How often a rule looks which times something: ten times within `time`, but no more often than each 0.2 s and no more
/// seldom than each 2 s.
pub(super) fn tenth(time: Duration) -> Duration {
    (time / 10).clamp(Duration::from_millis(200), Duration::from_secs(2))
}
