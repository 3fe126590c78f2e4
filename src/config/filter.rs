use std::collections::BTreeSet;

use serde::Serialize;

use super::{places::Places, section::unknown};
use crate::domain::{CameraId, Kind, Phase};

/// Of what somebody is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Filter {
    /// Only these kinds of violation, where any are named.
    pub kinds: Vec<Kind>,
    /// Only these phases of violations, where any are named.
    pub phases: Vec<Phase>,
    /// Only these cameras, where any are named.
    pub cameras: Vec<CameraId>,
}

impl Filter {
    /// Whether a violation of this camera and kind, at this phase, is to be told.
    pub fn passes(&self, camera: &CameraId, kind: Kind, phase: Phase) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.phases.is_empty() || self.phases.contains(&phase))
            && self.passes_camera(camera)
    }

    /// Whether the health of this camera is to be told.
    pub fn passes_camera(&self, camera: &CameraId) -> bool {
        self.cameras.is_empty() || self.cameras.contains(camera)
    }

    /// `cameras` are those of the configuration.
    pub(super) fn check(&self, cameras: &BTreeSet<String>, places: &Places<'_, '_>) {
        let known: Vec<&str> = cameras.iter().map(String::as_str).collect();
        for camera in self.cameras.iter().filter(|camera| !cameras.contains(camera.as_str())) {
            places.fault("cameras", unknown("camera", camera.as_str(), &known));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_named_is_everything() {
        let camera = |id: &str| CameraId::new(id).expect("an id");
        let all = Filter::default();
        let some = Filter {
            kinds: vec![Kind::EbikeInElevator],
            phases: vec![Phase::Raised, Phase::Ended],
            cameras: vec![camera("lift")],
        };
        for (id, kind, phase, passes) in [
            ("lift", Kind::EbikeInElevator, Phase::Raised, true),
            ("lift", Kind::EbikeInElevator, Phase::Updated, false),
            ("lift", Kind::FireLaneParking, Phase::Raised, false),
            ("lane", Kind::EbikeInElevator, Phase::Raised, false),
        ] {
            assert_eq!(some.passes(&camera(id), kind, phase), passes, "{id} {kind} {phase:?}");
            assert!(all.passes(&camera(id), kind, phase));
        }
        assert!(some.passes_camera(&camera("lift")) && !some.passes_camera(&camera("lane")));
    }
}
