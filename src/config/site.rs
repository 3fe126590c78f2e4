//! `[site]` and `[box]`: whose cameras these are, and what watches them.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    places::Places,
    section::{Faults, Table, read_whole},
    size::ByteSize,
};
use crate::domain::{CameraId, SiteId};

/// `[site]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name, for people.
    pub name: String,
    /// Its time zone: schedules and recordings' names are read in it. Written by its IANA name.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub timezone: TimeZone,
}

/// `[site]`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Site", deny_unknown_fields)]
pub(super) struct SiteKeys {
    /// The site's id.
    id: SiteId,
    /// Its name, for people. Default: the id.
    name: Option<String>,
    /// Its time zone by IANA name, such as `Asia/Shanghai`: schedules and recordings' names are read in it. Default UTC.
    timezone: Option<String>,
}

/// `[box]`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Box", deny_unknown_fields)]
pub(super) struct BoxKeys {
    /// The box's id. Default: the host name.
    pub id: Option<CameraId>,
    /// How much memory pictures of all live cameras may take together, on their way and until they are evidence, 64 MB to 1 TB.
    /// Default: a quarter of the machine's.
    pub memory: Option<ByteSize>,
}

/// Names go into alerts, which are to stay small.
const LONGEST_NAME: usize = 120;

pub(super) fn read_site(table: Table<'_>, faults: &Faults<'_>) -> Option<Site> {
    let places = Places::of(&table, "site", faults);
    let keys: SiteKeys = read_whole(table, "site", faults)?;
    if let Some(name) = &keys.name {
        places.line("name", name, LONGEST_NAME);
    }
    let timezone = match keys.timezone.as_deref().map(TimeZone::get) {
        None => TimeZone::UTC,
        Some(Ok(zone)) => zone,
        Some(Err(_)) => {
            let name: String = keys.timezone.unwrap_or_default().chars().take(60).collect();
            places.fault(
                "timezone",
                format!("{name:?} is no time zone; write an IANA name, such as \"Asia/Shanghai\""),
            );
            return None;
        }
    };
    let name = keys.name.unwrap_or_else(|| keys.id.to_string());
    Some(Site { id: keys.id, name, timezone })
}

pub(super) fn read_box(table: Table<'_>, faults: &Faults<'_>) -> Option<BoxKeys> {
    let places = Places::of(&table, "box", faults);
    let keys: BoxKeys = read_whole(table, "box", faults)?;
    if let Some(memory) = keys.memory {
        let why = "less holds no group of pictures of a few cameras, and no machine has more";
        places.size("memory", memory, (ByteSize::megabytes(64), ByteSize::gigabytes(1000)), why);
    }
    Some(keys)
}

/// The host's name made an id; `box` where it has none.
pub(super) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name
        .trim()
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .take(64)
        .collect();
    if CameraId::new(&name).is_ok() { name } else { "box".to_owned() }
}
