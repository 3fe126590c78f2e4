//! What people found of a violation once they had looked.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whether a violation was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// It was one.
    True,
    /// It was none.
    False,
    /// It was made for a trial.
    Test,
}

impl Finding {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::True, Self::False, Self::Test];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Test => "test",
        }
    }
}

/// What somebody found of a violation, as a platform tells it to the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The violation's id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub subject: Uuid,
    /// What it was.
    pub verdict: Finding,
    /// Why it was none, in the platform's words, such as `reflection`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Who found it.
    pub by: String,
    /// When, on the wall.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}
