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

    /// Its parts; none where it is no address.
    pub fn parts(&self) -> Option<Parts<'_>> {
        Parts::of(&self.0)
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

/// An address that is a secret as a whole but for its host, as those are by which chat groups are written to. `Display`, `Debug`
/// and `Serialize` give no more than the host.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Hook(String);

impl Hook {
    /// As it is used. It is not to be shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its parts; none where it is no address.
    pub fn parts(&self) -> Option<Parts<'_>> {
        Parts::of(&self.0)
    }
}

impl From<String> for Hook {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            Some(Parts { scheme, host, .. }) => write!(f, "{scheme}://{host}/…"),
            None => f.write_str("…"),
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hook {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The parts of an address `SCHEME://[USER@]HOST[:PORT][PATH]`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// How it is reached, such as `https`.
    pub scheme: &'a str,
    /// User name and password. They are not to be shown.
    pub user: Option<&'a str>,
    /// A name or a number, in brackets where it is one of IPv6.
    pub host: &'a str,
    /// Where it is not that of the scheme.
    pub port: Option<u16>,
    /// What follows, with its `/`, `?` or `#`.
    pub path: &'a str,
}

impl<'a> Parts<'a> {
    /// None for what is no address: without a host, with an odd port, or with blanks in it.
    fn of(address: &'a str) -> Option<Self> {
        let (scheme, rest) = address.split_once("://")?;
        let of_schemes = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme.is_empty()
            || !scheme.chars().all(of_schemes)
            || address.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = match place.rsplit_once(':') {
            // What stands behind a colon within brackets is a part of a number.
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (place, None),
        };
        let port = match port {
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some(port.parse().ok()?),
            Some(_) => return None,
            None => None,
        };
        let bracketed = host.starts_with('[') && host.ends_with(']');
        (!host.is_empty() && (bracketed || !host.contains(['[', ']', ':', '@']))).then_some(Self {
            scheme,
            user,
            host,
            port,
            path,
        })
    }
}

/// An address without user name and password, and without the values of parameters that look like them.
pub fn redact(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A password may itself hold '/', '?' or '#', unescaped: then the '@' comes later, before the first '='; or after one,
    // where what stands before the '/' is no host with a port but the beginning of a password.
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    // A user name may look like a host, and the digits that a password begins with like a port.
    let is_name = |host: &str| host.contains('.') || host.starts_with('[') || host == "localhost";
    let is_host = authority.rsplit_once(':').is_none_or(|(host, port)| is_name(host) && is_port(port));
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
    // Of what is no address nobody knows which part is a password.
    if authority.contains(':') && Parts::of(&clean).is_none() { format!("{scheme}://…") } else { clean }
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
            ("rtsp://viewer:12/x=pass@10.2.0.31/s", "rtsp://10.2.0.31/s"),
            ("rtsp://viewer:#pass=@10.2.0.31/s", "rtsp://10.2.0.31/s"),
            ("rtsp://viewer:pass", "rtsp://…"),
            ("clips/a@b.mp4", "clips/a@b.mp4"),
        ] {
            assert_eq!(redact(with), without);
        }
    }

    #[test]
    fn addresses_are_taken_apart() {
        let parts = |text: &str| {
            let address = Address::from(text.to_owned());
            address.parts().map(|p| {
                (p.scheme.to_owned(), p.user.map(str::to_owned), p.host.to_owned(), p.port, p.path.to_owned())
            })
        };
        let told = |scheme: &str, user: Option<&str>, host: &str, port, path: &str| {
            let user = user.map(str::to_owned);
            Some((scheme.to_owned(), user, host.to_owned(), port, path.to_owned()))
        };
        assert_eq!(
            parts("mqtts://broker.example:8883"),
            told("mqtts", None, "broker.example", Some(8883), "")
        );
        assert_eq!(parts("https://a:b%40c@h/p?q#f"), told("https", Some("a:b%40c"), "h", None, "/p?q#f"));
        assert_eq!(parts("nats://[::1]:4222/"), told("nats", None, "[::1]", Some(4222), "/"));
        assert_eq!(parts("nats://[fe80::1]"), told("nats", None, "[fe80::1]", None, ""));
        for text in [
            "",
            "broker.example",
            "://h",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://h:x",
            "mqtt://h:99999",
            "mqtt://h h",
            "mqtt://h\n",
            "mqtt://u:p/w@h",
            "mqtt://::1",
            "m qtt://h",
        ] {
            assert_eq!(parts(text), None, "{text:?}");
        }
    }

    #[test]
    fn of_a_hook_no_more_than_the_host_is_shown() {
        let hook: Hook =
            serde_json::from_str("\"https://user:pw@open.example/bot/v2/hook/s3cret\"").expect("a text");
        assert!(hook.as_str().contains("s3cret"));
        assert_eq!(format!("{hook} {hook:?}"), "https://open.example/… https://open.example/…");
        assert_eq!(serde_json::to_string(&hook).expect("JSON"), "\"https://open.example/…\"");
        let odd: Hook = serde_json::from_str("\"s3cret\"").expect("a text");
        assert_eq!(odd.to_string(), "…");
    }
}
