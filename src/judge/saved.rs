//! What a camera knows, as it is kept over a restart: the form, and what is refused when it is read.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::{book::SavedBook, reach::Reach, watched::Counting};
use crate::{
    domain::{CameraId, Gap, MediaTime, ModelName, RuleId, SiteId, When, micros},
    files,
    health::Health,
    looks::state::SavedLooks,
    rules::{Eyesight, Presence, RuleState, candidate::Candidates},
    track::SavedTracker,
};

/// The version of the form. A program reads its own and no other.
const VERSION: u32 = 2;
/// No camera's state is longer.
const MOST_BYTES: usize = 32 << 20;
/// Nor has one more detectors and rules than this.
const MOST_DETECTORS: usize = 256;
const MOST_RULES: usize = 1024;
/// No camera has been watched for longer than a thousand years.
const LATEST: MediaTime = MediaTime::from_micros(31_557_600_000_000_000);

/// All from which later judgements of one camera follow, and which looks are taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    pub(super) site: SiteId,
    pub(super) camera: CameraId,
    pub(super) reach: Reach,
    pub(super) eyesight: Eyesight,
    pub(super) trackers: Vec<TrackerOf>,
    pub(super) rules: Vec<SavedWatch>,
    pub(super) book: SavedBook,
    /// What of its looks goes on; none where nobody planned any.
    pub looks: Option<SavedLooks>,
    /// What was told of how it does; none where nobody tells that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
}

/// What the tracker of a detector knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackerOf {
    pub detector: ModelName,
    pub tracker: SavedTracker,
}

/// What a configured rule knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedWatch {
    pub rule: RuleId,
    /// Of its settings: only a rule with the same goes on from here.
    pub settings_sha256: String,
    pub last: Option<When>,
    pub presence: Option<Presence>,
    #[serde(with = "micros::optional")]
    pub outage: Option<MediaTime>,
    pub candidates: Candidates,
    pub counting: Counting,
    /// For the day at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub today: Option<Counting>,
    pub state: RuleState,
}

/// What is written: the state, and by what it is known to be whole.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'s> {
    version: u32,
    /// Of the body's bytes.
    sha256: String,
    #[serde(borrow)]
    body: &'s RawValue,
}

/// What every version has in common.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Why what was saved of a camera is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StateError {
    /// It is not what was written.
    #[error("camera {camera}: the saved state is damaged ({what}); all its rules begin anew")]
    Damaged {
        /// The camera.
        camera: CameraId,
        /// What is wrong.
        what: String,
    },
    /// Another version of the program wrote it.
    #[error(
        "camera {camera}: the saved state is of version {version}, and this program reads version {VERSION}; all its rules \
         begin anew"
    )]
    OtherVersion {
        /// The camera.
        camera: CameraId,
        /// The version of what was written.
        version: u32,
    },
    /// It is that of another camera.
    #[error(
        "camera {camera} of site {site}: the saved state is that of camera {of_camera} of site {of_site}; all its rules begin \
         anew"
    )]
    OtherCamera {
        /// The site.
        site: SiteId,
        /// The camera.
        camera: CameraId,
        /// Whose site it is.
        of_site: SiteId,
        /// Whose it is.
        of_camera: CameraId,
    },
}

impl Saved {
    /// Reads what was written of this camera.
    ///
    /// # Errors
    /// [`StateError`] where it is of no use, whatever the bytes are.
    pub fn read(bytes: &[u8], site: &SiteId, camera: &CameraId) -> Result<Self, StateError> {
        let damaged = |what: String| StateError::Damaged { camera: camera.clone(), what };
        let strange = |error: serde_json::Error| damaged(error.to_string());
        if bytes.len() > MOST_BYTES {
            return Err(damaged(format!("it has {} bytes", bytes.len())));
        }
        let Versioned { version } = serde_json::from_slice(bytes).map_err(strange)?;
        if version != VERSION {
            return Err(StateError::OtherVersion { camera: camera.clone(), version });
        }
        let Written { sha256, body, .. } = serde_json::from_slice(bytes).map_err(strange)?;
        if files::sha256(body.get().as_bytes()) != sha256 {
            return Err(damaged("its checksum is another".to_owned()));
        }
        let saved: Self = serde_json::from_str(body.get()).map_err(strange)?;
        if (&saved.site, &saved.camera) != (site, camera) {
            return Err(StateError::OtherCamera {
                site: site.clone(),
                camera: camera.clone(),
                of_site: saved.site,
                of_camera: saved.camera,
            });
        }
        match saved.unsound() {
            None => Ok(saved),
            Some(part) => Err(damaged(format!("{part} cannot have come about"))),
        }
    }

    /// Writes it, to be read by [`Self::read`].
    ///
    /// # Errors
    /// Whatever the serializer says; plain data can always be written.
    pub fn write(&self) -> Result<Vec<u8>, serde_json::Error> {
        let body = RawValue::from_string(serde_json::to_string(self)?)?;
        let sha256 = files::sha256(body.get().as_bytes());
        serde_json::to_vec(&Written { version: VERSION, sha256, body: &body })
    }

    /// The latest time that was told of, in the camera's last epoch: media time goes on from there.
    pub fn reached(&self) -> Option<When> {
        self.reach.to()
    }

    /// The gap that is open.
    pub fn gap(&self) -> Option<Gap> {
        self.reach.gap(&self.camera)
    }

    /// Notes that the camera has come up to `at` at least.
    pub fn extend(&mut self, at: MediaTime) {
        self.reach.extend(at);
    }

    /// What of it, but for what rules know, cannot have come about.
    fn unsound(&self) -> Option<&'static str> {
        let until = self.reach.until();
        let trackers = self.trackers.len() <= MOST_DETECTORS
            && self.trackers.iter().all(|of| of.tracker.is_sound(until));
        let looks = self.looks.as_ref().is_none_or(|looks| looks.is_sound(until, MOST_DETECTORS));
        let parts = [
            (until <= LATEST, "its time"),
            (self.rules.len() <= MOST_RULES, "so many rules"),
            (self.eyesight.is_sound(until, MOST_DETECTORS), "how well it sees"),
            (trackers, "what it follows"),
            (self.book.is_sound(until), "what it has open"),
            (looks, "when it looked"),
            (self.health.as_ref().is_none_or(Health::is_sound), "how it does"),
        ];
        parts.into_iter().find_map(|(is_sound, part)| (!is_sound).then_some(part))
    }
}
