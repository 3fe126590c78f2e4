use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::places::Places;

/// `[console]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Where the console listens: an address of the box itself, as it has no TLS yet; port 0 is any that is free.
    #[serde(default = "default_listen")]
    #[schemars(extend("pattern" = ":[0-9]{1,5}$"))]
    pub listen: SocketAddr,
}

impl Default for Console {
    fn default() -> Self {
        Self { listen: default_listen() }
    }
}

fn default_listen() -> SocketAddr {
    ([127, 0, 0, 1], 8480).into()
}

impl Console {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        if !self.listen.ip().to_canonical().is_loopback() {
            let port = self.listen.port();
            places.fault(
                "listen",
                format!("the console has no TLS yet, and without it answers this machine alone: write 127.0.0.1:{port} or [::1]:{port}"),
            );
        }
    }
}
