use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        places::Places,
        secret::Secret,
        web::{self, Reached},
    },
    brokers::check_secret,
};
use crate::address::{Hook, Parts};

/// Keys of `kind = "wecom"`, whose robots sign nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wecom {
    /// The robot's address, as the group shows it. Whoever has it can write there: it is a secret.
    pub url: Hook,
}

/// Keys of the other kinds of robots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Robot {
    /// The robot's address, as the group shows it. Whoever has it can write there: it is a secret.
    pub url: Hook,
    /// What messages are signed with, where the robot asks for signatures. Default: none.
    #[serde(default)]
    pub secret: Option<Secret>,
}

const ROBOT: Reached = Reached {
    what: "a robot",
    schemes: &["https"],
    example: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${ROBOT_KEY}",
};

impl Wecom {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        check(&self.url, places);
    }
}

impl Robot {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        check(&self.url, places);
        check_secret(self.secret.as_ref(), "secret", places);
    }
}

fn check(url: &Hook, places: &Places<'_, '_>) {
    let parts = web::check(url.parts(), url.as_str().len(), ROBOT, "url", places);
    let Some(parts) = parts else { return };
    if parts.user.is_some() {
        places.fault("url", "robots know no user: the address alone lets a message in");
    }
    if !names_robot(parts) {
        places.fault("url", "it names no robot: copy the whole address from the group's settings, with what stands at its end");
    }
}

/// Whether an address of a platform ends with what tells one robot from all others. What stands between, such as a proxy, has
/// addresses of its own.
fn names_robot(parts: Parts<'_>) -> bool {
    let (path, query) = parts.path.split_once('?').unwrap_or((parts.path, ""));
    let host = parts.host.to_ascii_lowercase();
    let has = |key: &str| {
        query
            .split('&')
            .any(|pair| pair.split_once('=').is_some_and(|(name, value)| name == key && !value.is_empty()))
    };
    match host.as_str() {
        "qyapi.weixin.qq.com" => has("key"),
        "oapi.dingtalk.com" => has("access_token"),
        "open.feishu.cn" | "open.larksuite.com" => !path.ends_with('/') && path.contains("/hook/"),
        _ => true,
    }
}
