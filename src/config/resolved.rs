use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Camera, Config, Console, DetectorConfig, Evidence, Sink, Site};
use crate::address::Address;

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
    /// The detector that every rule uses which names none of its own.
    pub detector: DetectorConfig,
    /// Cameras in the order of the file; their addresses are without passwords.
    pub cameras: Vec<Camera>,
    /// Where evidence goes and for how long, and how much of a clip lies around its moment.
    pub evidence: Evidence,
    /// `[state] directory`.
    pub state: PathBuf,
    /// Where alerts go.
    pub sinks: Vec<Sink>,
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
            detector: self.detector.clone(),
            cameras: self.cameras.iter().map(camera_shown).collect(),
            evidence: Evidence {
                directory: self.below(&self.evidence.directory),
                upload: self.evidence.upload.as_ref().map(Address::redacted),
                ..self.evidence.clone()
            },
            state: self.below(&self.state),
            sinks: self.sinks.iter().map(sink_shown).collect(),
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
    let source = String::from(camera.source.clone()).into();
    Camera { source, ..camera.clone() }
}

fn sink_shown(sink: &Sink) -> Sink {
    Sink { url: sink.url.redacted(), ..sink.clone() }
}
