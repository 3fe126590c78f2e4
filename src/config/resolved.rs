use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Config,
    camera::Camera,
    console::Console,
    detector::DetectorConfig,
    evidence::{Evidence, S3},
    secret::{HIDDEN, Secret},
    site::Site,
    size::ByteSize,
    state::State,
};
use crate::address::Address;

/// What stands under these keys is said everywhere, in topics and logs.
const PUBLIC: [&str; 5] = ["name", "kind", "kinds", "phases", "cameras"];

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
            evidence: self.evidence_shown(),
            state: State { directory: self.below(&self.state.directory), ..self.state.clone() },
            sinks: self.sinks.iter().map(|sink| self.shown(sink)).collect(),
            reactions: self.reactions.iter().map(|reaction| self.shown(reaction)).collect(),
            console: self.console.clone(),
            sha256: self.sha256.clone(),
        }
    }

    fn evidence_shown(&self) -> Evidence {
        let Evidence { upload, s3, upload_ca, .. } = self.evidence.redacted();
        Evidence {
            directory: self.below(&self.evidence.directory),
            upload: upload.map(|upload| Address::from(self.clean(upload.as_str()))),
            upload_ca: upload_ca.as_ref().map(|ca| self.below(ca)),
            s3: s3.map(|s3| S3 { access_key: self.clean(&s3.access_key), ..s3 }),
            ..self.evidence.clone()
        }
    }

    /// As it is written, which hides secrets, and without what came from outside: whoever kept that out of the file does not want
    /// to find it in another.
    fn shown(&self, what: &impl Serialize) -> Value {
        let mut shown = serde_json::to_value(what).unwrap_or_default();
        self.clean_value(&mut shown);
        shown
    }

    fn clean_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.clean(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.clean_value(value)),
            Value::Object(keys) => {
                let told = keys.iter_mut().filter(|(key, _)| !PUBLIC.contains(&key.as_str()));
                told.for_each(|(_, value)| self.clean_value(value));
            }
            _ => {}
        }
    }

    /// A text without what came from outside. What is a letter or two is in too many texts to be taken out of one.
    fn clean(&self, text: &str) -> String {
        let hide = |text: String, secret: &Secret| match secret.expose() {
            value if text == value => HIDDEN.to_owned(),
            value if value.chars().count() > 2 => text.replace(value, HIDDEN),
            _ => text,
        };
        self.secrets.iter().fold(text.to_owned(), hide)
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
