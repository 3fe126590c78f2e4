use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// What stands for a secret wherever one would be shown.
pub const HIDDEN: &str = "***";

/// A value that is never shown: `Debug`, `Display` and `Serialize` give `***`, and one of a wrong type is refused without being
/// repeated.
#[derive(Clone, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String", inline)]
pub struct Secret(Arc<str>);

impl Secret {
    /// The value itself, for where it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

/// Takes a text. Serde would repeat anything else in its error.
struct Text;

impl<'de> Visitor<'de> for Text {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        Ok(text.into())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Err(no_text())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(no_text())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Err(no_text())
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Secret, E> {
        Err(no_text())
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Secret, E> {
        Err(no_text())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(no_text())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(no_text())
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Err(no_text())
    }
}

fn no_text<E: Error>() -> E {
    E::custom("a text is wanted here; write it in quotation marks")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Keys {
        password: Secret,
    }

    #[test]
    fn it_is_used_and_never_shown() {
        let keys: Keys = toml::from_str("password = \"s3cret\"").expect("a text");
        assert_eq!(keys.password.expose(), "s3cret");
        let shown = format!("{keys:?} {} {}", keys.password, serde_json::to_string(&keys).expect("JSON"));
        assert!(shown.contains(HIDDEN) && !shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn one_of_a_wrong_type_is_not_repeated() {
        for text in ["4711", "-4711.5", "[4711]", "{ a = 4711 }", "4711-01-01", "99999999994711"] {
            let error = toml::from_str::<Keys>(&format!("password = {text}")).expect_err("no text");
            assert!(error.message().contains("a text is wanted"), "{}", error.message());
        }
        let error = toml::from_str::<Keys>("password = true").expect_err("no text");
        assert!(!error.message().contains("true"));
    }
}
