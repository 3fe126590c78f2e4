use std::fmt;

use serde::Serialize;

/// Which list an entry is on, and so which folder of the store it lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shelf {
    /// A detector as an ONNX file.
    Model,
    /// A recording.
    Footage,
}

impl Shelf {
    /// The folder's name in the store.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Footage => "footage",
        }
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "model",
            Self::Footage => "footage",
        })
    }
}
