//! Addresses that may hold a password, and what may be shown of them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

/// An address that may hold a password. `Display`, `Debug` and `Serialize` give it without.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Address(String);

impl Address {
    /// Without what may not be shown.
    pub fn redacted(&self) -> Self {
        Self(redact(&self.0))
    }

    /// As it is used, with its password. It is not to be shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redact(&self.0), f)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An address without user name and password, and without the values of parameters that look like them.
pub fn redact(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A password may itself hold '/', '?' or '#', unescaped: then the '@' comes later, before the first '='; or after one,
    // where what stands before the '/' is no host with a port but the beginning of a password.
    let is_host = authority.rsplit_once(':').is_none_or(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let before = if is_host { path.find('=').unwrap_or(path.len()) } else { path.len() };
    let (authority, path) = match (authority.rfind('@'), before) {
        (Some(at), _) => (&authority[at + 1..], path),
        (None, before) => match path[..before].rfind('@') {
            Some(at) => ("", &path[at + 1..]),
            None => (authority, path),
        },
    };
    let mut clean = format!("{scheme}://{authority}");
    let mut hide = false;
    let mut word = String::new();
    for c in path.chars() {
        match c {
            '=' => {
                let key = word.to_ascii_lowercase();
                hide = ["pass", "pwd", "user", "token", "secret", "key", "auth", "sign"]
                    .iter()
                    .any(|k| key.contains(k));
                clean.push_str(if hide { "=…" } else { "=" });
                word.clear();
            }
            '&' | '?' | '/' | ';' | '#' => {
                hide = false;
                word.clear();
                clean.push(c);
            }
            _ => {
                word.push(c);
                if !hide {
                    clean.push(c);
                }
            }
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_credentials() {
        for (with, without) in [
            ("rtsp://viewer:p@ss@10.2.0.31/stream1", "rtsp://10.2.0.31/stream1"),
            ("rtsp://a:b/c@10.2.0.31:554/s", "rtsp://10.2.0.31:554/s"),
            ("rtsp://viewer:abc/def==@10.2.0.31/s", "rtsp://10.2.0.31/s"),
            ("http://10.2.0.31:8080/v?a=1&to=x@y", "http://10.2.0.31:8080/v?a=1&to=x@y"),
            (
                "rtsp://10.2.0.31/user=admin&password=x&channel=1",
                "rtsp://10.2.0.31/user=…&password=…&channel=1",
            ),
            ("https://h/v.mp4?token=abc&x=1", "https://h/v.mp4?token=…&x=1"),
            ("rtsp://10.2.0.31/stream1", "rtsp://10.2.0.31/stream1"),
            ("clips/a@b.mp4", "clips/a@b.mp4"),
        ] {
            assert_eq!(redact(with), without);
        }
    }
}
