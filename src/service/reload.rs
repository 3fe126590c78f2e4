//! The configuration is read again when that is wished.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{
    config::{Config, ConfigError, Evidence},
    stop,
};

/// The wish to read the configuration again.
pub(super) struct Reload {
    wanted: Arc<AtomicBool>,
    file: PathBuf,
}

impl Reload {
    /// Of this file, whenever the program is sent SIGHUP.
    ///
    /// # Errors
    /// Where signals cannot be received.
    pub fn on_hangup(file: PathBuf) -> io::Result<Self> {
        Ok(Self { wanted: stop::on_hangup()?, file })
    }

    /// The configuration as it now is, where that is wanted and is another. One that is wrong is told, and the old one stands.
    pub fn wanted(&self, now: &Config) -> Option<Config> {
        if !self.wanted.swap(false, Ordering::SeqCst) {
            return None;
        }
        let mut new = match Config::load(&self.file) {
            Ok(new) => new,
            Err(error) => {
                for line in said(&error) {
                    tracing::error!("the configuration stays as it was: {line}");
                }
                return None;
            }
        };
        if let Err(error) = new.in_use() {
            tracing::error!("the configuration stays as it was: {error}");
            return None;
        }
        for (what, same) in [
            ("[site]", new.site == now.site),
            ("[box]", new.box_id == now.box_id && new.memory == now.memory),
            ("[evidence]", kept_as(&new.evidence, &now.evidence) == new.evidence),
            ("[state]", new.state == now.state),
            ("[console]", new.console == now.console),
        ] {
            if !same {
                tracing::warn!("{what} changed: that is followed once the program starts again");
            }
        }
        // Days and ids are counted by them: one part of the program is not to follow what another does not.
        new.evidence = kept_as(&new.evidence, &now.evidence);
        new.site = now.site.clone();
        tracing::info!("the configuration was read again");
        Some(new)
    }
}

/// What is wrong with a configuration, each as an entry of the log of its own.
fn said(error: &ConfigError) -> Vec<String> {
    match error {
        ConfigError::Faulty { path, faults } => faults.iter().map(|fault| fault.shown(path)).collect(),
        ConfigError::Unreadable { .. } => vec![error.to_string()],
    }
}

/// Evidence that is kept as it was, and put where it is to be now.
fn kept_as(new: &Evidence, now: &Evidence) -> Evidence {
    let Evidence { upload, upload_rate, upload_ca, s3, .. } = new.clone();
    Evidence { upload, upload_rate, upload_ca, s3, ..now.clone() }
}
