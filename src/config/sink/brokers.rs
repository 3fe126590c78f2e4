use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::super::{
    places::Places,
    secret::Secret,
    web::{self, Reached},
};
use crate::address::{Address, Parts};

/// Keys of `kind = "mqtt"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    /// The broker, such as `mqtts://broker.example:8883`; mqtt without TLS.
    pub url: Address,
    /// The user's name. Default: none.
    #[serde(default)]
    pub username: Option<String>,
    /// The user's password. Default: none.
    #[serde(default)]
    pub password: Option<Secret>,
    /// A PEM file of the authority that vouches for the broker. Default: those of the system.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// By what the broker knows the box; no two boxes may have the same. Default: SITE-BOX.
    #[serde(default, deserialize_with = "client_id")]
    #[schemars(with = "Option<String>", length(min = 1, max = 256))]
    pub client_id: String,
}

const MQTT: Reached =
    Reached { what: "an MQTT broker", schemes: &["mqtts", "mqtt"], example: "mqtts://broker.example:8883" };

impl Mqtt {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        let parts = check_broker(&self.url, MQTT, places);
        if parts.is_some_and(|parts| parts.user.is_some()) {
            places.fault("url", "user name and password do not belong here: write `username` and `password`");
        }
        check_ca(self.ca.as_ref(), parts, "mqtts", places);
        match &self.username {
            Some(name) => places.line("username", name, 256),
            None if self.password.is_some() => places.fault("password", "it goes with a `username`"),
            None => {}
        }
        check_secret(self.password.as_ref(), "password", places);
        if !self.client_id.is_empty() {
            places.line("client_id", &self.client_id, 256);
        }
    }
}

/// A name that is left out is filled in; one that is written says something.
fn client_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(serde::de::Error::custom("it is empty: write something, or leave the key out"));
    }
    Ok(text)
}

/// Keys of `kind = "nats"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// The server, such as `tls://nats.example:4222`; nats without TLS, unless the server asks for it.
    pub url: Address,
    /// What a credentials file of NATS holds: its token and its key, by `${file:PATH}`. Default: none.
    #[serde(default)]
    pub credentials: Option<Secret>,
    /// A PEM file of the authority that vouches for the server. Default: those of the system.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The stream of JetStream that keeps the alerts. The platform makes it, never a box.
    #[serde(default = "default_stream")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$"))]
    pub stream: String,
}

fn default_stream() -> String {
    "FIREWARDEN".to_owned()
}

const NATS: Reached =
    Reached { what: "a NATS server", schemes: &["tls", "nats"], example: "tls://nats.example:4222" };

impl Nats {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        let parts = check_broker(&self.url, NATS, places);
        // A server may as well know users by name and password, for which there is no key.
        if self.credentials.is_some() && parts.is_some_and(|parts| parts.user.is_some()) {
            places.fault("url", "it names a user, and `credentials` are of another: keep one of them");
        }
        let holds = |part: &str| self.credentials.as_ref().is_some_and(|text| text.expose().contains(part));
        if self.credentials.is_some() && !(holds("BEGIN NATS USER JWT") && holds("BEGIN USER NKEY SEED")) {
            places.fault(
                "credentials",
                "it holds no token and key of a NATS user: write credentials = \"${file:PATH}\" with the path of the .creds \
                 file",
            );
        }
        // A server that is reached without TLS may ask for it.
        if let Some(ca) = &self.ca {
            places.path("ca", ca);
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !(1..=64).contains(&self.stream.len()) || !self.stream.chars().all(plain) {
            places
                .fault("stream", "streams are called by 1 to 64 of the letters A-Z and a-z, digits, - and _");
        }
    }
}

/// The parts of a broker's address: it has no path.
fn check_broker<'a>(url: &'a Address, reached: Reached, places: &Places<'_, '_>) -> Option<Parts<'a>> {
    let parts = web::check(url.parts(), url.as_str().len(), reached, "url", places)?;
    if !["", "/"].contains(&parts.path) {
        places.fault(
            "url",
            format!("nothing follows the host and its port: write it such as {}", reached.example),
        );
    }
    Some(parts)
}

/// An authority's certificate is of use where the server shows one.
pub(super) fn check_ca(
    ca: Option<&PathBuf>,
    parts: Option<Parts<'_>>,
    scheme: &str,
    places: &Places<'_, '_>,
) {
    let Some(ca) = ca else { return };
    places.path("ca", ca);
    if parts.is_some_and(|parts| parts.scheme != scheme) {
        places.fault("ca", format!("no certificate is shown without TLS: write `url` with {scheme}://"));
    }
}

/// A secret says something, in one line.
pub(super) fn check_secret(secret: Option<&Secret>, key: &str, places: &Places<'_, '_>) {
    if let Some(secret) = secret {
        places.line(key, secret.expose(), 4_096);
    }
}
