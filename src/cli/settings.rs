use jiff::Timestamp;

use crate::batch::Settings;

/// What can be said of an analysis beside its configuration.
#[derive(Debug, Clone, clap::Args)]
pub struct SettingsArgs {
    /// How many workers decode and detect [default: the number of processors].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// When each camera's first recording began, whatever its name and metadata say, such as 2026-11-24T08:00:00+08:00; the
    /// others keep their distance from it.
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
}

impl SettingsArgs {
    /// As they were given; recordings are read so many times as fast as they were recorded, or as fast as possible.
    pub fn settings(&self, paced: Option<f64>) -> Settings {
        Settings { threads: self.threads, start: self.start, paced }
    }
}
