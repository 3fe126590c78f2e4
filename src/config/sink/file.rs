use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{places::Places, size::ByteSize};

/// Keys of `kind = "file"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertFile {
    /// The file that alerts are added to, a line each, from the configuration's folder.
    pub path: PathBuf,
    /// From which size on another is begun, 1 MB to 10 GB.
    #[serde(default = "default_rotate")]
    pub rotate: ByteSize,
    /// How many are kept, 1 to 1000; the oldest goes.
    #[serde(default = "default_files")]
    #[schemars(range(min = 1, max = 1000))]
    pub files: u32,
}

fn default_rotate() -> ByteSize {
    ByteSize::megabytes(64)
}

fn default_files() -> u32 {
    8
}

impl AlertFile {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        places.path("path", &self.path);
        let why = "smaller files hold hardly an alert, and nobody opens larger ones";
        places.size("rotate", self.rotate, (ByteSize::megabytes(1), ByteSize::gigabytes(10)), why);
        if !(1..=1000).contains(&self.files) {
            places.fault(
                "files",
                "it must be between 1 and 1000: one is written to, and a folder of more is of no use",
            );
        }
    }
}
