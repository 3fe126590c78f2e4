//! The settings of rules, of whatever kind.

use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeSeed, Deserializer},
};

use super::{keys::Keys, list::kinds};
use crate::domain::Kind;

macro_rules! settings {
    ($($(#[$doc:meta])* $folder:ident $Keys:ident;)*) => {
        $(pub use super::$folder::settings::$Keys;)*

        /// The settings of a rule, by its kind.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "kind", rename_all = "snake_case")]
        pub enum Settings {
            $($(#[$doc])* $Keys($Keys),)*
        }

        impl Settings {
            /// The kind.
            pub fn kind(&self) -> Kind {
                match self {
                    $(Self::$Keys(_) => Kind::$Keys,)*
                }
            }

            /// The same, told of only when something happens.
            pub fn without_updates(&self) -> Self {
                match self {
                    $(Self::$Keys(keys) => Self::$Keys($Keys { update_every: None, ..keys.clone() }),)*
                }
            }

            /// What others ask of them.
            pub fn keys(&self) -> &dyn Keys {
                match self {
                    $(Self::$Keys(keys) => keys,)*
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for OfKind {
            type Value = Settings;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Settings, D::Error> {
                match self.0 {
                    $(Kind::$Keys => $Keys::deserialize(deserializer).map(Settings::$Keys),)*
                }
            }
        }

        const _: () = assert!(
            Kind::ALL.len() == [$(Kind::$Keys),*].len(),
            "a kind of the list is missing in Kind::ALL"
        );
    };
}

/// Reads the settings of this kind, whose name is not among their keys.
#[derive(Debug, Clone, Copy)]
pub struct OfKind(pub Kind);

kinds!(settings);
