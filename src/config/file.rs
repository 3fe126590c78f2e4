//! From text to [`Config`], with the checks that need more than one key.

use std::path::Path;

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use toml::de::DeTable;

use super::{
    Config,
    camera::read_cameras,
    console::Console,
    detector::{DetectorConfig, located},
    evidence::read_evidence,
    expand::{Outside, expand},
    own_files::{self, Own},
    places::Places,
    reaction::read_reactions,
    section::{Fault, Faults, Table, read_whole, refuse_unknown, take_table, take_tables},
    sink::{Around, read_sinks},
    site::{host_name, read_box, read_site},
    state::State,
};

pub(super) const TOP: [&str; 9] =
    ["site", "box", "detector", "camera", "evidence", "state", "sink", "reaction", "console"];

pub(super) fn parse(
    text: &str,
    folder: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Fault>> {
    let faults = Faults::new(text);
    let (mut file, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            faults.add(error.span(), "", format!("this is not TOML: {}", error.message()));
        }
        return Err(faults.into_sorted());
    }
    let outside = Outside { folder, lookup };
    let cameras = take_tables(&mut file, "camera", "", &faults);
    let no_camera = cameras.is_empty();
    let cameras = read_cameras(cameras, &outside, &faults);
    let sinks = take_tables(&mut file, "sink", "", &faults);
    let mut written = Vec::new();
    let around = Around { outside: &outside, cameras: &cameras.ids };
    let sinks = read_sinks(sinks, &around, &mut written, &faults);
    let reactions = take_tables(&mut file, "reaction", "", &faults);
    let reactions = read_reactions(reactions, &outside, &cameras.ids, &faults);
    expand(&mut file, "", &outside, &faults);
    let site = take_table(&mut file, "site", "", &faults);
    if site.is_none() {
        faults.add(None, "site", "this section is required: write [site] with an id");
    }
    let site = site.and_then(|table| read_site(table, &faults));
    let box_keys = take_table(&mut file, "box", "", &faults).and_then(|table| read_box(table, &faults));
    let (memory, box_id) = box_keys.map(|keys| (keys.memory, keys.id)).unwrap_or_default();
    let detector = section(&mut file, "detector", DetectorConfig::check, &faults);
    let evidence = take_table(&mut file, "evidence", "", &faults);
    let evidence = evidence.and_then(|table| read_evidence(table, &faults)).unwrap_or_default();
    let state = section(&mut file, "state", State::check, &faults);
    let console = section(&mut file, "console", Console::check, &faults);
    refuse_unknown(&mut file, &TOP, "", &faults);
    if no_camera {
        faults.add(None, "camera", "no camera is configured: write at least one [[camera]]");
    }

    let own = Own {
        folders: [
            ("[state] directory", folder.join(&state.directory)),
            ("[evidence] directory", folder.join(&evidence.directory)),
        ],
        secrets: faults.files().iter().map(|file| folder.join(file)).collect(),
    };
    own_files::check(&written, &own, &faults);
    let secrets = faults.secrets();
    let found = faults.into_sorted();
    let Some(site) = site.filter(|_| found.is_empty()) else { return Err(found) };
    let box_id = box_id.map_or_else(host_name, |id| id.to_string());
    let mut config = Config {
        detector: DetectorConfig { model: located(&detector.model, folder), ..detector },
        cameras: cameras.sound,
        evidence: evidence.located(folder),
        state: State { directory: folder.join(&state.directory), ..state },
        sinks,
        reactions,
        console,
        memory,
        folder: folder.to_owned(),
        secrets,
        sha256: format!("{:x}", Sha256::digest(text)),
        site,
        box_id,
    };
    let rules = config.cameras.iter_mut().flat_map(|camera| &mut camera.rules);
    for model in rules.filter_map(|rule| rule.model.as_mut()) {
        *model = located(model, folder).as_str().into();
    }
    for sink in &mut config.sinks {
        sink.settings.fill(&config.site.id, &config.box_id);
    }
    Ok(config)
}

/// Reads and checks an optional top-level table; what is said of it by default where it is absent, or faulty.
fn section<T: DeserializeOwned + Default>(
    file: &mut Table<'_>,
    key: &str,
    check: impl Fn(&T, &Places<'_, '_>),
    faults: &Faults<'_>,
) -> T {
    let Some(table) = take_table(file, key, "", faults) else { return T::default() };
    let places = Places::of(&table, key, faults);
    let Some(read) = read_whole(table, key, faults) else { return T::default() };
    check(&read, &places);
    read
}
