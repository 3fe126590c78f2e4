use std::{collections::BTreeMap, fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CameraId, Class, MediaTime, ModelName, When};
use crate::geometry::BBox;

/// Everything that one look at a camera's picture told: all that crosses from the machine-learning half to the
/// rules half. An observation without detections says "looked, and saw none".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Whose picture.
    pub camera: CameraId,
    /// The unbroken connection or file the picture came from.
    pub epoch: u32,
    /// When the picture was taken, on the camera's clock.
    pub at: MediaTime,
    /// When it was taken, on the wall.
    pub wall: Timestamp,
    /// The detectors that looked. A rule with a detector of its own has seen nothing where that did not look.
    pub looked: Vec<ModelName>,
    /// What they found, most confident first.
    pub detections: Vec<Detection>,
    /// What a rule's own detector saw a trace of, most confident first: each alone says too little to be told. A rule adds up what it
    /// says over looks; it reaches nothing else, neither tracks nor stills nor lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faint: Vec<Detection>,
    /// The state of the picture itself. What changed is compared with the camera's last look, whichever detector took that.
    pub scene: Scene,
    /// What changed since a detector's own last look, for each that looked now and was not the last to look. A camera with
    /// one detector has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl Observation {
    /// When the picture was taken, on both clocks.
    pub fn when(&self) -> When {
        When { at: self.at, wall: self.wall, epoch: self.epoch }
    }

    /// The state of the picture as `detector` sees it: what changed is compared with that detector's own last look.
    pub fn scene_for(&self, detector: &ModelName) -> Scene {
        match self.changes.iter().find(|change| change.model == *detector) {
            None => self.scene,
            Some(change) => Scene {
                changed: change.changed,
                changed_in: change.changed_in,
                identical: change.identical,
                ..self.scene
            },
        }
    }
}

/// Something found in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// What it is.
    pub class: Class,
    /// How sure the model is, 0 to 1.
    pub confidence: f32,
    /// Where it is. Not clipped to the picture.
    pub bbox: BBox,
    /// What it looks like, where a rule asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appearance: Option<Thumbnail>,
    /// Which detector of a rule's own found it; none for the camera's detector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelName>,
}

/// Side of a [`Thumbnail`] in pixels.
pub const THUMBNAIL_SIDE: usize = 24;

/// The luma of what a box holds, scaled to 24 × 24 pixels in rows from the top, 0 black to 255 white. Written as
/// base64 without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Thumbnail(Box<[u8; THUMBNAIL_SIDE * THUMBNAIL_SIDE]>);

impl Thumbnail {
    /// From rows of pixels.
    pub fn new(pixels: [u8; THUMBNAIL_SIDE * THUMBNAIL_SIDE]) -> Self {
        Self(Box::new(pixels))
    }

    /// Rows of pixels.
    pub fn pixels(&self) -> &[u8; THUMBNAIL_SIDE * THUMBNAIL_SIDE] {
        &self.0
    }
}

impl fmt::Debug for Thumbnail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thumbnail(24 × 24)")
    }
}

impl Serialize for Thumbnail {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(self.0.as_slice()))
    }
}

impl<'de> Deserialize<'de> for Thumbnail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(serde::de::Error::custom)?;
        let length = bytes.len();
        let pixels: Box<[u8; THUMBNAIL_SIDE * THUMBNAIL_SIDE]> =
            bytes.into_boxed_slice().try_into().map_err(|_| {
                serde::de::Error::custom(format!("an appearance has 576 bytes, this one has {length}"))
            })?;
        Ok(Self(pixels))
    }
}

/// The state of the picture, whatever is in it: enough to tell a dark, covered or frozen camera from an empty room.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// Mean luma, 0 black to 1 white.
    pub brightness: f32,
    /// Standard deviation of the luma, 0 (one even colour) to 0.5.
    pub contrast: f32,
    /// Mean difference between neighbouring pixels of the luma sampled on a coarse grid, 0 (no detail) to 1.
    pub sharpness: f32,
    /// Share of the picture that changed since the look before, 0 to 1; none at the first look of an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<f32>,
    /// The box around what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_in: Option<BBox>,
    /// Share of sampled pixels that are exactly as they were at the look before, 0 to 1. A real sensor is never
    /// still; a frozen picture is. None at the first look of an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identical: Option<f32>,
    /// By how much all of the picture is shifted against before, to the right and down, as fractions of it: the camera
    /// was knocked, turned, or shakes. None where most is where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<[f32; 2]>,
}

/// What changed in the picture since a detector's own last look, where another detector looked in between.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The detector.
    pub model: ModelName,
    /// As [`Scene::changed`]; none at the detector's first look of an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<f32>,
    /// As [`Scene::changed_in`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_in: Option<BBox>,
    /// As [`Scene::identical`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identical: Option<f32>,
}

/// Why nothing could be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The camera or its recording was not there.
    Offline,
    /// Packets are damaged or cannot be decoded.
    Damaged,
    /// The timestamps jump: nothing was recorded, or the clock was set.
    Timestamps,
    /// The box itself was not running.
    BoxOff,
    /// A model failed.
    NotLooked,
    /// The box had no time to look.
    Overload,
    /// The box had no memory to hold the pictures.
    Memory,
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offline => "nothing was recorded",
            Self::Damaged => "damaged",
            Self::Timestamps => "timestamps jump",
            Self::BoxOff => "the box was off",
            Self::NotLooked => "a model failed",
            Self::Overload => "no time to look",
            Self::Memory => "no memory to hold the pictures",
        })
    }
}

/// A spell in which nobody could look. It is never emptiness: a dead camera does not mean an empty room. Sent when
/// it begins, and again when it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Whose picture is missing.
    pub camera: CameraId,
    /// The epoch in which it began.
    pub epoch: u32,
    /// From when on.
    pub from: MediaTime,
    /// Until when; none while it lasts.
    pub to: Option<MediaTime>,
    /// Why.
    pub reason: GapReason,
}

/// How wall times of a recording or a live camera are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WallOrigin {
    /// The file's name carries it.
    FileName,
    /// The names of the file and of the folders it lies in carry it together, such as `2026-11-24/08/lane/58.20.mp4`.
    Path,
    /// The recorder's clock, which stands beside the pictures in some formats, such as DHAV.
    Recorder,
    /// The container's metadata carry it.
    Metadata,
    /// It was given on the command line.
    Given,
    /// The file's modification time less its duration: a guess.
    Modified,
    /// The box's clock, for live cameras.
    Clock,
}

impl fmt::Display for WallOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FileName => "file name",
            Self::Path => "path",
            Self::Recorder => "recorder's clock",
            Self::Metadata => "metadata",
            Self::Given => "--start",
            Self::Modified => "file's modification time, unconfirmed",
            Self::Clock => "clock",
        })
    }
}

/// One unbroken connection or file: what its looks have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Whose picture.
    pub camera: CameraId,
    /// Its number, from 0.
    pub epoch: u32,
    /// Media time of its first picture.
    pub from: MediaTime,
    /// Media time at which the file begins for a player, where pictures come before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero: Option<MediaTime>,
    /// Wall time of its first picture.
    pub wall: Timestamp,
    /// How that is known.
    pub wall_origin: WallOrigin,
    /// The recording's file name, without its folder; none for live cameras.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Codec, as FFmpeg names it.
    pub codec: String,
    /// Width in pixels at the start, upright and with square pixels.
    pub width: u32,
    /// Height in pixels at the start.
    pub height: u32,
    /// For each detector what it was shown of the pictures, where that was not all. Nothing is known of what lies beyond.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<ModelName, BBox>,
}

/// One line of `observations/CAMERA.jsonl`, in the order of media time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A connection or file begins.
    Epoch(Epoch),
    /// A look.
    Observation(Observation),
    /// A spell without looks.
    Gap(Gap),
}

/// A rule's wish to look more often. The only thing that flows against the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attention {
    /// How often to look: at least this often, from the look that asked on.
    pub every: Duration,
    /// Until when, on the camera's clock.
    pub until: MediaTime,
}
