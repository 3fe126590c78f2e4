use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Config, camera::Camera, console::Console, detector::DetectorConfig, evidence::Evidence, site::Site,
    size::ByteSize, state::State,
};

/// What a configuration comes to: every key with its value, those that were left out too, and no secret. It is written as
/// JSON beside what was done by it, and read back to tell of that again.
///
/// Its parts are called as those of [`Config`]. Folders that lie below the configuration's are written from there, so that the
/// same configuration in another place is the same picture; models keep their paths, by which looks name them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// The site.
    pub site: Site,
    /// The box's id.
    pub box_id: String,
    /// `[box] memory`; none for a quarter of the machine's, which is known only where it runs.
    #[serde(default)]
    pub memory: Option<ByteSize>,
    /// The detector that every rule uses which names none of its own.
    pub detector: DetectorConfig,
    /// Cameras in the order of the file; their addresses are without passwords.
    pub cameras: Vec<Camera>,
    /// Where evidence goes and for how long, and how much of a clip lies around its moment.
    pub evidence: Evidence,
    /// Where the box keeps what it must not forget.
    pub state: State,
    /// Where alerts go, as they are written in a configuration.
    pub sinks: Vec<Value>,
    /// What is done on the spot, likewise.
    pub reactions: Vec<Value>,
    /// `[console] listen`.
    pub console: Console,
    /// SHA-256 of the configuration's text, in lower-case hexadecimal.
    #[serde(rename = "config_sha256")]
    pub sha256: String,
}

impl Config {
    /// The picture of all that it comes to. No secret is in it.
    pub fn resolved(&self) -> Resolved {
        Resolved {
            site: self.site.clone(),
            box_id: self.box_id.clone(),
            memory: self.memory,
            detector: self.detector.clone(),
            cameras: self.cameras.iter().map(camera_shown).collect(),
            evidence: Evidence {
                directory: self.below(&self.evidence.directory),
                upload_ca: self.evidence.upload_ca.as_ref().map(|ca| self.below(ca)),
                ..self.evidence.redacted()
            },
            state: State { directory: self.below(&self.state.directory), ..self.state.clone() },
            sinks: self.sinks.iter().map(shown).collect(),
            reactions: self.reactions.iter().map(shown).collect(),
            console: self.console.clone(),
            sha256: self.sha256.clone(),
        }
    }

    /// A path from the configuration's folder, where it lies below it.
    fn below(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.folder).unwrap_or(path).to_owned()
    }
}

/// A camera as it is read back: its address without a password, its recordings without the folder.
fn camera_shown(camera: &Camera) -> Camera {
    Camera { source: camera.source.redacted(), ..camera.clone() }
}

/// As it is written, which hides secrets.
fn shown(what: &impl Serialize) -> Value {
    serde_json::to_value(what).unwrap_or_default()
}
