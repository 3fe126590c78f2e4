//! `[[sink]]`: where alerts go.

mod brokers;
mod chat;
mod file;
mod settings;
mod webhook;

use std::collections::BTreeSet;

pub use brokers::{Mqtt, Nats};
pub use chat::{Robot, Wecom};
pub use file::AlertFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{OfSink, of_sinks};
pub use settings::{SinkKind, SinkSettings};
pub use webhook::Webhook;

use super::{
    choice::{choose, refuse_strange},
    expand::{Outside, expand},
    filter::Filter,
    own_files::Written,
    places::Places,
    section::{Faults, Table, called, fields_of, read_as, read_far},
};
use crate::domain::{CameraId, Kind, Phase, SinkName};

/// `[[sink]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sink {
    /// Its name: what waits for it is kept under it.
    pub name: SinkName,
    /// What it is told of.
    #[serde(flatten)]
    pub filter: Filter,
    /// How it is reached.
    #[serde(flatten)]
    pub settings: SinkSettings,
}

/// What every `[[sink]]` may say.
#[derive(Deserialize, JsonSchema)]
pub(super) struct SinkKeys {
    /// The sink's name, unique within the configuration: what waits for it is kept under it.
    name: SinkName,
    /// Only violations of these kinds, where any are named. Health of cameras goes there all the same.
    #[serde(default)]
    kinds: Vec<Kind>,
    /// Only these phases of violations, where any are named. Health of cameras goes there all the same.
    #[serde(default)]
    phases: Vec<Phase>,
    /// Only what these cameras saw, and their health, where any are named.
    #[serde(default)]
    cameras: Vec<CameraId>,
}

/// What reading sinks needs to know of the rest of the file.
pub(super) struct Around<'a> {
    pub outside: &'a Outside<'a>,
    pub cameras: &'a BTreeSet<String>,
}

/// Reads the sinks. Names that are left out of theirs are to be filled in by [`SinkSettings::fill`].
///
/// Files that alerts are added to are put into `written`.
pub(super) fn read_sinks(
    tables: Vec<Table<'_>>,
    around: &Around<'_>,
    written: &mut Vec<Written>,
    faults: &Faults<'_>,
) -> Vec<Sink> {
    let mut sinks: Vec<Sink> = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        let path = called(&table, "sink", "name", index);
        expand(&mut table, &path, around.outside, faults);
        let places = Places::of(&table, &path, faults);
        let Some(sink) = read_sink(&mut table, &path, &places, around, faults) else { continue };
        if sinks.iter().any(|other| other.name == sink.name) {
            places.fault("name", "another sink has this name; names must be unique");
        }
        if let SinkSettings::File(AlertFile { path: file, files, .. }) = &sink.settings {
            let (key, span) = (format!("{path}.path"), places.span("path"));
            written.push(Written { key, span, path: file.clone(), files: *files });
        }
        let same_client = |other: &Sink| match (&other.settings, &sink.settings) {
            (SinkSettings::Mqtt(other), SinkSettings::Mqtt(own)) => {
                (&other.url, &other.client_id) == (&own.url, &own.client_id)
            }
            _ => false,
        };
        if sinks.iter().any(same_client) {
            places.fault(
                "client_id",
                "another sink is known to this broker by the same name, and each would throw the other off: write another one",
            );
        }
        sinks.push(sink);
    }
    sinks
}

fn read_sink(
    table: &mut Table<'_>,
    path: &str,
    places: &Places<'_, '_>,
    around: &Around<'_>,
    faults: &Faults<'_>,
) -> Option<Sink> {
    let kind = choose(table, &SinkKind::ALL, SinkKind::name, places)?;
    let shared: Option<SinkKeys> = read_far(table, path, faults);
    refuse_strange(table, kind.name(), fields_of::<SinkKeys>(), &of_sinks(), places);
    let shared = shared.map(|SinkKeys { name, kinds, phases, cameras }| {
        let filter = Filter { kinds, phases, cameras };
        filter.check(around.cameras, places);
        (name, filter)
    });
    let mut settings = read_as(OfSink(kind), table, path, faults)?;
    settings.check(places);
    settings.locate(around.outside.folder);
    let (name, filter) = shared?;
    Some(Sink { name, filter, settings })
}
