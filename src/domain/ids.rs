use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::Kind;

/// The namespace of every id that is made of names (RFC 9562, 5.5 and 6.6). Drawn once; another would change every
/// violation's id.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_3b52_9a0e_4d27_8e61_7c05_d24b_93f8);

/// A text that cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{text:?} is no id: use 1 to 64 of the letters a-z, digits, '-' and '_', beginning with a letter or digit \
     (ids become topics and file names)"
)]
pub struct IdError {
    text: String,
}

/// Ids match `[a-z0-9][a-z0-9_-]{0,63}`.
fn check(text: &str) -> Result<(), IdError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(plain);
    if first && text.len() <= 64 && bytes.all(|b| plain(b) || b == b'-' || b == b'_') {
        Ok(())
    } else {
        Err(IdError { text: text.chars().take(80).collect() })
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[schemars(extend("pattern" = "^[a-z0-9][a-z0-9_-]{0,63}$"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks and keeps the text.
            ///
            /// # Errors
            /// [`IdError`] where it does not match `[a-z0-9][a-z0-9_-]{0,63}`.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The id as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
    };
}

id! {
    /// A camera's id, unique within a configuration.
    CameraId
}
id! {
    /// A site's id.
    SiteId
}
id! {
    /// A sink's name, unique within a configuration: what waits for it in the outbox is kept under it.
    SinkName
}

/// An outbox's id, drawn when its database is made. A database that was set aside begins a new one, so that numbers which
/// begin anew are not taken for old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "String", extend("format" = "uuid"))]
pub struct OutboxId(Uuid);

impl From<Uuid> for OutboxId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for OutboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A rule's id: `CAMERA/KIND`, or `CAMERA/KIND/NAME` where a camera has two rules of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The id of a rule of `kind` on `camera`.
    pub fn new(camera: &CameraId, kind: Kind, name: Option<&str>) -> Self {
        Self(match name {
            Some(name) => format!("{camera}/{kind}/{name}").into(),
            None => format!("{camera}/{kind}").into(),
        })
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A model's name in the catalogue, or the path of a file of the user's own.
pub type ModelName = Arc<str>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_topics_and_file_names() {
        for good in ["lane-3", "0", "a_b"] {
            assert!(CameraId::new(good).is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in ["", "-a", "Lane", "a/b", "a b", "电梯", "a.b", "..", long.as_str()] {
            assert!(CameraId::new(bad).is_err(), "{bad}");
        }
    }
}
