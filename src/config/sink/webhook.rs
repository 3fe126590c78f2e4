use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        places::Places,
        secret::Secret,
        web::{self, BY_HTTP},
    },
    brokers::check_ca,
};
use crate::address::Hook;

/// Keys of `kind = "webhook"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where alerts are posted, such as `https://platform.example/alerts`.
    pub url: Hook,
    /// What alerts are signed with, as Standard Webhooks are: `whsec_` and 24 to 64 bytes in base64. With several, all sign, so
    /// that one can take the place of another.
    #[schemars(length(min = 1, max = 4), inner(regex(pattern = "^whsec_[A-Za-z0-9+/]+=*$")))]
    pub secrets: Vec<Secret>,
    /// A PEM file of the authority that vouches for the server. Default: those of the system.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

impl Webhook {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        let parts = web::check(self.url.parts(), self.url.as_str().len(), BY_HTTP, "url", places);
        check_ca(self.ca.as_ref(), parts, "https", places);
        if !(1..=4).contains(&self.secrets.len()) {
            places.fault("secrets", "one to four are wanted: without one nobody can tell who sent an alert");
        }
        let sound = |secret: &Secret| {
            let key = secret.expose().strip_prefix("whsec_").and_then(|key| STANDARD.decode(key).ok());
            key.is_some_and(|key| (24..=64).contains(&key.len()))
        };
        if !self.secrets.iter().all(sound) {
            places.fault(
                "secrets",
                "each is `whsec_` and 24 to 64 bytes in base64: `echo whsec_$(openssl rand -base64 32)` makes one",
            );
        }
    }
}
