//! `[[reaction]]`: what is done on the spot.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    expand::{Outside, expand},
    filter::Filter,
    places::Places,
    secret::Secret,
    section::{Faults, Table, read_whole_far},
    web::{self, Reached},
};
use crate::{
    address::Hook,
    domain::{CameraId, Kind, Phase},
};

/// `[[reaction]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reaction {
    /// To what.
    #[serde(flatten)]
    pub filter: Filter,
    /// What is done.
    #[serde(flatten)]
    pub deed: Deed,
}

/// What a reaction does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// The alert is posted there.
    Url(Hook),
    /// The program is run, with the alert on its standard input.
    Command(Command),
}

/// A program, and what it is given. Its arguments may hold secrets, and are not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Vec<String>")]
pub struct Command {
    /// An absolute path.
    pub program: PathBuf,
    /// Without the program's name.
    pub arguments: Vec<Secret>,
}

impl From<Command> for Vec<String> {
    fn from(command: Command) -> Self {
        let program = command.program.to_string_lossy().into_owned();
        std::iter::once(program).chain(command.arguments.iter().map(Secret::to_string)).collect()
    }
}

/// What is done on the spot, within a second: a siren, a voice, a relay, a lift that is held. One of `url` and `command`.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    rename = "Reaction",
    deny_unknown_fields,
    extend("oneOf" = [{ "required": ["url"] }, { "required": ["command"] }])
)]
pub(super) struct ReactionKeys {
    /// Only to these kinds of violation, where any are named.
    #[serde(default)]
    kinds: Vec<Kind>,
    /// To these phases of violations.
    #[serde(default = "default_phases")]
    #[schemars(length(min = 1))]
    phases: Vec<Phase>,
    /// Only to what these cameras see, where any are named.
    #[serde(default)]
    cameras: Vec<CameraId>,
    /// Where the alert is posted, such as `http://10.2.0.40/hold`.
    url: Option<Hook>,
    /// The absolute path of a program and what it is given. It must be root's, and nobody else may write it.
    #[schemars(length(min = 1, max = 32))]
    command: Option<Vec<Secret>>,
}

fn default_phases() -> Vec<Phase> {
    vec![Phase::Raised]
}

pub(super) fn read_reactions(
    tables: Vec<Table<'_>>,
    outside: &Outside<'_>,
    cameras: &BTreeSet<String>,
    faults: &Faults<'_>,
) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        let path = format!("reaction[{index}]");
        expand(&mut table, &path, outside, faults);
        let places = Places::of(&table, &path, faults);
        let Some(keys) = read_whole_far::<ReactionKeys>(table, &path, faults) else { continue };
        let filter = Filter { kinds: keys.kinds, phases: keys.phases, cameras: keys.cameras };
        filter.check(cameras, &places);
        if filter.phases.is_empty() {
            places.fault("phases", "it names none: leave it out for \"raised\" alone");
        }
        let deed = match (keys.url, keys.command) {
            (Some(url), None) => Some(Deed::Url(checked(url, &places))),
            (None, Some(command)) => command_of(&command, &places).map(Deed::Command),
            // What cannot be read is told already.
            (None, None) if places.has("url") || places.has("command") => None,
            (None, None) => {
                places.fault("url", "it does nothing: write `url`, or `command`");
                None
            }
            (Some(_), Some(_)) => {
                places.fault("command", "one of `url` and `command` is wanted: write two reactions for both");
                None
            }
        };
        reactions.extend(deed.map(|deed| Reaction { filter, deed }));
    }
    reactions
}

fn checked(url: Hook, places: &Places<'_, '_>) -> Hook {
    let reached = Reached { what: "a device", schemes: &["http", "https"], example: "http://10.2.0.40/hold" };
    web::check(url.parts(), url.as_str().len(), reached, "url", places);
    url
}

/// The most arguments of a command, its program among them.
const MOST: usize = 32;

fn command_of(words: &[Secret], places: &Places<'_, '_>) -> Option<Command> {
    let (program, arguments) = match words {
        [program, arguments @ ..] if words.len() <= MOST => (program.expose(), arguments),
        _ => {
            places.fault("command", format!("a program and up to {} arguments are wanted", MOST - 1));
            return None;
        }
    };
    let path = Path::new(program);
    if !path.is_absolute() || path.file_name().is_none() {
        places.fault(
            "command",
            "the absolute path of a program comes first, such as \"/etc/firewarden/reactions/siren\"",
        );
        return None;
    }
    if words.iter().any(|word| word.expose().contains(char::is_control) || word.expose().len() > 4_096) {
        places.fault("command", "it holds control characters, or is too long");
    }
    Some(Command { program: path.to_owned(), arguments: arguments.to_vec() })
}
