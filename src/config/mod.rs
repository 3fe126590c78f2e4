//! The configuration: the TOML as written, checked whole. All faults are found in one go, each naming its line, its
//! key and the way out.

mod file;
mod provider;
mod resolved;
mod rule;
mod schedule;
mod schema;
mod secrets;
mod section;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt,
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;
pub use provider::Provider;
pub use resolved::Resolved;
pub use rule::RuleConfig;
pub use schedule::{Hours, Schedule, ScheduleError};
pub use schema::schema;
use schemars::JsonSchema;
pub use section::Fault;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    address::{Address, redact},
    domain::{CameraId, Class, Kind, Phase, SiteId},
    duration, files,
    geometry::{BBox, PixelAspect},
};

/// A whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site.
    pub site: Site,
    /// `[box] id`, by default the host name.
    pub box_id: String,
    /// The detector that every rule uses which names none of its own.
    pub detector: DetectorConfig,
    /// Cameras in the order of the file.
    pub cameras: Vec<Camera>,
    /// Where evidence goes and for how long.
    pub evidence: Evidence,
    /// `[state] directory`.
    pub state: PathBuf,
    /// Where alerts go.
    pub sinks: Vec<Sink>,
    /// `[console] listen`.
    pub console: Console,
    /// The folder from which relative paths are taken.
    pub folder: PathBuf,
    /// SHA-256 of the file's text before `${NAME}` was replaced, in hexadecimal.
    pub sha256: String,
}

/// `[site]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name, for people.
    pub name: String,
    /// Its time zone: schedules and recordings' names are read in it. Written by its IANA name.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub timezone: TimeZone,
}

/// `[detector]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependentRequired" = {
    "head": ["classes", "input"],
    "classes": ["head", "input"],
    "input": ["head", "classes"]
}))]
pub struct DetectorConfig {
    /// A name in the catalogue, or the path of an `.onnx` file, from the configuration's folder.
    #[serde(default = "default_model")]
    pub model: String,
    /// Detections below it are dropped, 0 to 1.
    #[serde(default = "default_confidence")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub confidence: f32,
    /// For a file of the user's own: how its outputs are to be read, such as `yolox`.
    #[serde(default)]
    pub head: Option<String>,
    /// For a file of the user's own: which outputs are which class.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "enum": Class::ALL }))]
    pub classes: Option<BTreeMap<Class, Vec<usize>>>,
    /// For a file of the user's own: its input's width and height in pixels.
    #[serde(default)]
    #[schemars(inner(range(min = 32, max = 4096)))]
    pub input: Option<[u32; 2]>,
    /// What runs the models. Those but `cpu` must be built in, and need a library of ONNX Runtime that has them.
    #[serde(default)]
    pub provider: Provider,
    /// Stop where that provider cannot be used, instead of running on the CPU with a warning.
    #[serde(default)]
    pub require: bool,
    /// Look at all of each picture, not only at what zones need of it. Observations can then be replayed with other zones.
    #[serde(default)]
    pub whole_picture: bool,
    /// Whether what is taken for an e-bike is looked at again, closer. Where it is not said, as the catalogue says of each
    /// model: `firewarden-lift` does.
    #[serde(default)]
    pub second_look: Option<bool>,
    /// Let the last detections stand where nothing has changed in the zones since.
    #[serde(default = "default_skip_static")]
    pub skip_static: bool,
    /// For how long they may stand.
    #[serde(with = "duration", default = "default_max_age")]
    #[schemars(with = "duration::Written")]
    pub max_age: Duration,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            model: default_model(),
            confidence: default_confidence(),
            head: None,
            classes: None,
            input: None,
            provider: Provider::default(),
            require: false,
            whole_picture: false,
            second_look: None,
            skip_static: default_skip_static(),
            max_age: default_max_age(),
        }
    }
}

fn default_model() -> String {
    "firewarden-nano".to_owned()
}

fn default_skip_static() -> bool {
    true
}

fn default_max_age() -> Duration {
    Duration::from_secs(10)
}

fn default_confidence() -> f32 {
    0.35
}

/// `[[camera]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Its id.
    pub id: CameraId,
    /// Its name, for people: copied into alerts and reports.
    pub name: String,
    /// The user's own labels, likewise.
    pub labels: BTreeMap<String, String>,
    /// Where its pictures come from.
    pub source: SourceAddress,
    /// How many pictures a second its recordings hold, where they do not say it themselves.
    pub rate: Option<f64>,
    /// The part of the picture that detectors look at.
    pub region: BBox,
    /// How wide its pixels are to be shown; none to believe the recording.
    pub pixel_aspect: Option<PixelAspect>,
    /// What is watched for.
    pub rules: Vec<RuleConfig>,
}

/// Where a camera's pictures come from. It may hold a password: `Display`, `Debug` and `Serialize` show it without.
///
/// A recording is written as in the configuration, without the folder: what is read back is taken from where one is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SourceAddress {
    /// A file or a glob of files.
    Recording {
        /// The configuration's folder, from which a relative one is taken. It is no part of the pattern.
        folder: PathBuf,
        /// As it is written.
        written: String,
    },
    /// An address of a live camera, such as `rtsp://…`.
    Live(String),
}

impl SourceAddress {
    /// An address has `://`; anything else is a file or a glob of files, of which a relative one is taken from `folder`.
    pub fn new(written: String, folder: &Path) -> Self {
        if written.contains("://") {
            Self::Live(written)
        } else {
            Self::Recording { folder: folder.to_owned(), written }
        }
    }
}

impl From<String> for SourceAddress {
    fn from(written: String) -> Self {
        Self::new(written, Path::new(""))
    }
}

impl From<SourceAddress> for String {
    fn from(source: SourceAddress) -> Self {
        match source {
            SourceAddress::Recording { written, .. } => written,
            SourceAddress::Live(address) => redact(&address),
        }
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording { folder, written } => {
                f.write_str(&files::shown(folder.join(written).as_os_str()))
            }
            Self::Live(address) => f.write_str(&redact(address)),
        }
    }
}

impl fmt::Debug for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `[evidence]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Where live cameras' evidence is kept; `analyze` keeps it in its result folder.
    #[serde(default = "default_evidence")]
    pub directory: PathBuf,
    /// How much of a clip lies before the moment a violation was raised.
    #[serde(with = "duration", default = "default_roll")]
    #[schemars(with = "duration::Written")]
    pub pre_roll: Duration,
    /// How much of a clip lies after that moment.
    #[serde(with = "duration", default = "default_roll")]
    #[schemars(with = "duration::Written")]
    pub post_roll: Duration,
    /// How long evidence is kept.
    #[serde(with = "duration", default = "default_keep")]
    #[schemars(with = "duration::Written")]
    pub keep: Duration,
    /// How much room it may take, such as `20GB`.
    #[serde(default = "default_budget")]
    pub budget: ByteSize,
    /// Where each file is put by HTTP.
    #[serde(default)]
    pub upload: Option<Address>,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            directory: default_evidence(),
            pre_roll: default_roll(),
            post_roll: default_roll(),
            keep: default_keep(),
            budget: default_budget(),
            upload: None,
        }
    }
}

fn default_evidence() -> PathBuf {
    "evidence".into()
}

fn default_roll() -> Duration {
    Duration::from_secs(5)
}

fn default_keep() -> Duration {
    Duration::from_secs(90 * 86_400)
}

fn default_budget() -> ByteSize {
    ByteSize(20_000_000_000)
}

/// A size in bytes, written as `500MB` or `20GB` (powers of ten).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-9]+\s*(MB|GB|TB)\s*$"))]
pub struct ByteSize(pub u64);

impl TryFrom<String> for ByteSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let error =
            || format!("{text:?} is no size: write a whole number and MB, GB or TB, such as \"20GB\"");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let (number, unit) = text.split_at(digits);
        let unit = match unit.trim() {
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            _ => return Err(error()),
        };
        let number: u64 = number.parse().map_err(|_| error())?;
        number.checked_mul(unit).map(Self).ok_or_else(error)
    }
}

impl From<ByteSize> for String {
    fn from(ByteSize(bytes): ByteSize) -> Self {
        match bytes {
            b if b.is_multiple_of(1_000_000_000_000) => format!("{}TB", b / 1_000_000_000_000),
            b if b.is_multiple_of(1_000_000_000) => format!("{}GB", b / 1_000_000_000),
            b => format!("{}MB", b / 1_000_000),
        }
    }
}

/// How a sink is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SinkKind {
    /// An MQTT broker.
    Mqtt,
    /// An HTTP endpoint.
    Webhook,
    /// NATS JetStream.
    Nats,
    /// A file of JSON lines.
    File,
}

/// `[[sink]]`: where alerts go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sink {
    /// How it is reached.
    pub kind: SinkKind,
    /// Its address.
    pub url: Address,
    /// Only these kinds of violation, where any are named.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Only these phases, where any are named.
    #[serde(default)]
    pub phases: Vec<Phase>,
}

/// `[console]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Where the console listens; never off the box itself by default.
    #[serde(default = "default_listen")]
    #[schemars(extend("pattern" = ":[0-9]{1,5}$"))]
    pub listen: std::net::SocketAddr,
}

impl Default for Console {
    fn default() -> Self {
        Self { listen: default_listen() }
    }
}

fn default_listen() -> std::net::SocketAddr {
    ([127, 0, 0, 1], 8480).into()
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", files::shown(.path.as_os_str()))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is read, and wrong.
    #[error("the configuration {} has {} {}:\n{}", files::shown(.path.as_os_str()), faults.len(), if faults.len() == 1 { "fault" } else { "faults" }, list(path, faults))]
    Faulty {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it, in the order of the lines.
        faults: Vec<Fault>,
    },
}

fn list(path: &Path, faults: &[Fault]) -> String {
    let line = |fault: &Fault| {
        let line = fault.line.map_or_else(String::new, |line| format!(":{line}"));
        let key = if fault.key.is_empty() { String::new() } else { format!("{}: ", fault.key) };
        format!("  {}{line}: {key}{}", files::shown(path.as_os_str()), fault.message)
    };
    faults.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`] where it cannot be read, or with everything that is wrong in it.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut bytes = Vec::new();
        files::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let text = String::from_utf8(bytes).map_err(|error| ConfigError::Unreadable {
            path: path.to_owned(),
            source: std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                format!("it is not UTF-8 text ({error})"),
            ),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder, &|name| std::env::var(name).ok())
            .map_err(|faults| ConfigError::Faulty { path: path.to_owned(), faults })
    }

    /// Checks a text. Relative paths are taken from `folder`; `lookup` gives the values of `${NAME}`.
    ///
    /// # Errors
    /// Everything that is wrong in it, in the order of the lines.
    pub fn parse(
        text: &str,
        folder: &Path,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<Fault>> {
        file::parse(text, folder, lookup)
    }
}
