use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[console]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Where the console listens; never off the box itself by default.
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
