//! The configuration: the TOML as written, checked whole. All faults are found in one go, each naming its line, its
//! key and the way out.
//!
//! `file` reads the whole and hands each section to the file of its name. What is read from a table is a type with the keys
//! as fields; what takes more than one key to tell is checked after that, by [`Places`](places::Places), which know the lines.

mod camera;
mod choice;
mod console;
mod detector;
mod evidence;
mod expand;
mod file;
mod file_secret;
mod filter;
mod in_use;
mod own_files;
mod places;
mod provider;
mod reaction;
mod resolved;
mod rule;
mod schedule;
mod schema;
mod secret;
mod section;
mod sink;
mod site;
mod size;
mod source;
mod state;
mod tls;
mod web;

#[cfg(test)]
mod tests;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

pub use camera::{Camera, Playing};
pub use console::Console;
pub use detector::DetectorConfig;
pub use evidence::{Evidence, S3, S3Style};
pub use filter::Filter;
pub use in_use::NotYet;
pub use provider::Provider;
pub use reaction::{Command, Deed, Reaction};
pub use resolved::Resolved;
pub use rule::RuleConfig;
pub use schedule::{Hours, Schedule, ScheduleError};
pub use schema::schema;
pub use secret::Secret;
pub use section::Fault;
pub use sink::{AlertFile, Mqtt, Nats, Robot, Sink, SinkKind, SinkSettings, Webhook, Wecom};
pub use site::Site;
pub use size::ByteSize;
pub use source::{Live, RequestHost, Scheme, SourceAddress, Transport};
pub use state::State;
use thiserror::Error;
pub use tls::{Fingerprint, Tls};

use crate::files;

/// A whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site.
    pub site: Site,
    /// `[box] id`, by default the host name.
    pub box_id: String,
    /// `[box] memory`; none for a quarter of the machine's.
    pub memory: Option<ByteSize>,
    /// The detector that every rule uses which names none of its own.
    pub detector: DetectorConfig,
    /// Cameras in the order of the file.
    pub cameras: Vec<Camera>,
    /// Where evidence goes and for how long.
    pub evidence: Evidence,
    /// Where the box keeps what it must not forget.
    pub state: State,
    /// Where alerts go.
    pub sinks: Vec<Sink>,
    /// What is done on the spot.
    pub reactions: Vec<Reaction>,
    /// `[console] listen`.
    pub console: Console,
    /// The folder from which relative paths are taken.
    pub folder: PathBuf,
    /// What came from the environment and from files, the longest first. It is shown nowhere.
    pub secrets: Vec<Secret>,
    /// SHA-256 of the file's text before `${NAME}` was replaced, in hexadecimal.
    pub sha256: String,
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
    faults.iter().map(|fault| format!("  {}", fault.shown(path))).collect::<Vec<_>>().join("\n")
}

impl Fault {
    /// In one line, as it stands in this file.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let line = self.line.map_or_else(String::new, |line| format!(":{line}"));
        let key = if self.key.is_empty() { String::new() } else { format!("{}: ", self.key) };
        format!("{}{line}: {key}{}", files::shown(path.as_os_str()), self.message)
    }
}

impl Config {
    /// For whom alerts are, by the names of the sinks, and of what each is told.
    pub fn sink_filters(&self) -> Vec<(String, Filter)> {
        self.sinks.iter().map(|sink| (sink.name.to_string(), sink.filter.clone())).collect()
    }
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
        let faulty = |faults| ConfigError::Faulty { path: path.to_owned(), faults };
        let config = Self::parse(&text, folder, &|name| std::env::var(name).ok()).map_err(faulty)?;
        let faults = config.alerts_into(path);
        if faults.is_empty() { Ok(config) } else { Err(faulty(faults)) }
    }

    /// That sinks write this file, which is the configuration itself.
    fn alerts_into(&self, path: &Path) -> Vec<Fault> {
        let own = own_files::real(path);
        let writes = |sink: &&Sink| match &sink.settings {
            SinkSettings::File(file) => own_files::real(&file.path) == own,
            _ => false,
        };
        let fault = |sink: &Sink| Fault {
            line: None,
            key: format!("sink.{}.path", sink.name),
            message: "this is the configuration: write another file".to_owned(),
        };
        self.sinks.iter().filter(writes).map(fault).collect()
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
