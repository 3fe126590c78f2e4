use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::section::unknown;

/// What runs the models: an execution provider of ONNX Runtime.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// The processor, by ONNX Runtime itself. It is always there.
    #[default]
    Cpu,
    /// The processor, by Intel's OpenVINO.
    Openvino,
    /// An NVIDIA GPU.
    Cuda,
}

impl Provider {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Openvino, Self::Cuda];

    /// As it is written in a configuration; the cargo feature that builds it in has the same name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Openvino => "openvino",
            Self::Cuda => "cuda",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// By hand, so that a name that is not known is answered with the nearest one.
impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let found = Self::ALL.into_iter().find(|provider| provider.name() == written);
        found.ok_or_else(|| {
            serde::de::Error::custom(unknown("execution provider", &written, &Self::ALL.map(Self::name)))
        })
    }
}
