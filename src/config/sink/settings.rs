//! What kinds of sinks there are, and the keys of each.

use std::path::Path;

use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeSeed, Deserializer},
};

use super::{
    super::{places::Places, section::fields_as},
    brokers::{Mqtt, Nats},
    chat::{Robot, Wecom},
    file::AlertFile,
    webhook::Webhook,
};
use crate::domain::SiteId;

macro_rules! kinds {
    ($($(#[$doc:meta])* $Kind:ident($Settings:ident) = $name:literal;)*) => {
        /// How a sink is reached.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum SinkKind {
            $($(#[$doc])* $Kind,)*
        }

        impl SinkKind {
            /// Every one there is.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$Kind),*];

            /// As it is written in `kind`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Kind => $name,)*
                }
            }
        }

        /// How a sink is reached, with the keys of its kind.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
        #[serde(tag = "kind")]
        pub enum SinkSettings {
            $($(#[$doc])* #[serde(rename = $name)] $Kind($Settings),)*
        }

        impl SinkSettings {
            /// The kind.
            pub fn kind(&self) -> SinkKind {
                match self {
                    $(Self::$Kind(_) => SinkKind::$Kind,)*
                }
            }

            /// Notes what is wrong with them beyond what their types say.
            pub(super) fn check(&self, places: &Places<'_, '_>) {
                match self {
                    $(Self::$Kind(settings) => settings.check(places),)*
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for OfSink {
            type Value = SinkSettings;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<SinkSettings, D::Error> {
                match self.0 {
                    $(SinkKind::$Kind => $Settings::deserialize(deserializer).map(SinkSettings::$Kind),)*
                }
            }
        }
    };
}

/// Reads the settings of this kind, whose name is not among their keys.
#[derive(Clone, Copy)]
pub(super) struct OfSink(pub SinkKind);

kinds! {
    /// An MQTT broker.
    Mqtt(Mqtt) = "mqtt";
    /// NATS JetStream.
    Nats(Nats) = "nats";
    /// An HTTP endpoint that is signed to, as Standard Webhooks are.
    Webhook(Webhook) = "webhook";
    /// A file of JSON lines.
    File(AlertFile) = "file";
    /// A group chat of WeCom (企业微信), by its robot.
    Wecom(Wecom) = "wecom";
    /// A group chat of DingTalk (钉钉), by its robot.
    Dingtalk(Robot) = "dingtalk";
    /// A group chat of Feishu (飞书) or Lark, by its robot.
    Feishu(Robot) = "feishu";
}

/// The keys of each kind.
pub(super) fn of_sinks() -> Vec<(&'static str, &'static [&'static str])> {
    SinkKind::ALL.into_iter().map(|kind| (kind.name(), fields_as(OfSink(kind)))).collect()
}

impl SinkSettings {
    /// Takes relative paths from this folder.
    pub(super) fn locate(&mut self, folder: &Path) {
        let path = match self {
            Self::Mqtt(mqtt) => mqtt.ca.as_mut(),
            Self::Nats(nats) => nats.ca.as_mut(),
            Self::Webhook(webhook) => webhook.ca.as_mut(),
            Self::File(file) => Some(&mut file.path),
            Self::Wecom(_) | Self::Dingtalk(_) | Self::Feishu(_) => None,
        };
        if let Some(path) = path {
            *path = folder.join(&path);
        }
    }

    /// The file of authorities of its own, where it has one.
    pub fn ca(&self) -> Option<&Path> {
        match self {
            Self::Mqtt(mqtt) => mqtt.ca.as_deref(),
            Self::Nats(nats) => nats.ca.as_deref(),
            Self::Webhook(webhook) => webhook.ca.as_deref(),
            Self::File(_) | Self::Wecom(_) | Self::Dingtalk(_) | Self::Feishu(_) => None,
        }
    }

    /// Fills in what is made of the names of site and box.
    pub(in crate::config) fn fill(&mut self, site: &SiteId, box_id: &str) {
        if let Self::Mqtt(mqtt) = self
            && mqtt.client_id.is_empty()
        {
            mqtt.client_id = format!("{site}-{box_id}");
        }
    }
}
