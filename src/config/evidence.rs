use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    places::{Places, days, seconds},
    size::ByteSize,
    web,
};
use crate::{address::Address, duration};

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
    /// An address of HTTP below which each file is put, by its name. Default: none.
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
    ByteSize::gigabytes(20)
}

/// A clip of more than this around a moment is a slip of the pen: it copies that much of the recording.
const LONGEST_ROLL: Duration = seconds(600);

impl Evidence {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        places.path("directory", &self.directory);
        for (key, roll) in [("pre_roll", self.pre_roll), ("post_roll", self.post_roll)] {
            if roll > LONGEST_ROLL {
                places.fault(
                    key,
                    format!(
                        "it must be no longer than {}: it copies as much of the recording",
                        duration::format(LONGEST_ROLL)
                    ),
                );
            }
        }
        let why =
            "what happened on one day is looked at on the next, and footage of people is not kept for ever";
        places.time("keep", self.keep, (days(1), days(3660)), why);
        let why = "a day's clips of some cameras take as much, and no disk is larger";
        places.size("budget", self.budget, (ByteSize::megabytes(100), ByteSize::gigabytes(100_000)), why);
        if let Some(upload) = &self.upload {
            web::check_below(upload, "upload", places);
        }
    }
}
