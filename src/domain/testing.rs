//! What tests of several modules look at.

use super::Scene;

/// A picture in daylight with some detail, at the first look of an epoch.
pub(crate) fn scene() -> Scene {
    Scene {
        brightness: 0.5,
        contrast: 0.2,
        sharpness: 0.1,
        changed: None,
        changed_in: None,
        identical: None,
        moved: None,
    }
}
