//! From text to [`Config`], with the checks that need more than one key.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use toml::de::{DeTable, DeValue};

use super::{
    Camera, Config, DetectorConfig, Evidence, Fault, RuleConfig, Schedule, Site, SourceAddress,
    secrets::expand,
    section::{
        Faults, Table, fields_as, fields_of, join, read, read_as, refuse_unknown, take_table, take_tables,
        unknown,
    },
};
use crate::{
    domain::{CameraId, Kind, SiteId},
    duration,
    geometry::{BBox, PixelAspect, Polygon},
    kinds::{check::Check, settings::OfKind},
};

pub(super) const TOP: [&str; 8] =
    ["site", "box", "detector", "camera", "evidence", "state", "sink", "console"];

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
    id: Option<CameraId>,
}

/// `[state]`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "State", deny_unknown_fields)]
pub(super) struct StateKeys {
    /// The folder, from the configuration's folder.
    #[serde(default = "default_state")]
    directory: PathBuf,
}

fn default_state() -> PathBuf {
    "state".into()
}

/// `[[camera]]` without its rules.
#[derive(Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CameraKeys {
    /// The camera's id, unique within the configuration.
    id: CameraId,
    /// Its name, for people: copied into alerts and reports. Default: the id.
    name: Option<String>,
    /// Labels of the user's own, copied into alerts and reports.
    #[serde(default)]
    labels: BTreeMap<String, String>,
    /// Where its pictures come from: a file or a glob of files, from the configuration's folder, or an address such as
    /// `rtsp://…`.
    #[schemars(extend("pattern" = r"\S"))]
    source: String,
    /// How many pictures a second its recordings hold, 0.1 to 240: for raw streams and others without times of their own alone.
    /// Default: what a recording says, else 25.
    #[schemars(range(min = 0.1, max = 240))]
    rate: Option<f64>,
    /// The part of the picture that detectors look at: left, top, right, bottom in fractions of it. A small one is seen
    /// larger. Default: the whole picture.
    #[schemars(inner(range(min = 0, max = 1)))]
    region: Option<[f32; 4]>,
    /// How wide a pixel is to be shown, as a ratio to its height, from `1:4` to `4:1`: `2:1` for recorders that store 1080
    /// rows of 960. Default: as the recording says.
    pixel_aspect: Option<PixelAspect>,
}

/// What every `[[camera.rule]]` may say.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RuleKeys {
    /// Tells two rules of one kind on one camera apart.
    name: Option<CameraId>,
    /// When the rule holds, in the site's time zone. Default: always.
    #[serde(default)]
    schedule: Schedule,
    /// How often to look at least, 20 ms to 60 s. Default: a tenth of `dwell` or `grace` within 0.2 s to 2 s, and 1 s in
    /// an elevator.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    every: Option<Duration>,
    /// A detector of the rule's own: a name in the catalogue, or the path of an `.onnx` file. Default: that of
    /// `[detector]`, but firewarden-lift in an elevator.
    model: Option<String>,
}

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
    let cameras = take_tables(&mut file, "camera", "", &faults);
    let no_camera = cameras.is_empty();
    let mut cameras = read_cameras(cameras, folder, lookup, &faults);
    for model in
        cameras.iter_mut().flat_map(|camera| &mut camera.rules).filter_map(|rule| rule.model.as_mut())
    {
        *model = located(model, folder).as_str().into();
    }
    expand(&mut file, "", lookup, &faults);
    let sinks: Vec<Option<_>> = take_tables(&mut file, "sink", "", &faults)
        .into_iter()
        .enumerate()
        .map(|(index, table)| read_whole(table, &format!("sink[{index}]"), &faults))
        .collect();
    let site = take_table(&mut file, "site", "", &faults);
    if site.is_none() {
        faults.add(None, "site", "this section is required: write [site] with an id");
    }
    let site = site.and_then(|table| read_site(table, &faults));
    let box_keys = section::<BoxKeys>(&mut file, "box", &faults);
    let detector = section::<DetectorConfig>(&mut file, "detector", &faults).map(|detector| {
        let mut detector = detector?;
        check_detector(&detector, &faults);
        detector.model = located(&detector.model, folder);
        Some(detector)
    });
    let evidence = section::<Evidence>(&mut file, "evidence", &faults).flatten().unwrap_or_default();
    check_evidence(&evidence, &faults);
    let state = section::<StateKeys>(&mut file, "state", &faults);
    let console = section(&mut file, "console", &faults);
    refuse_unknown(&mut file, &TOP, "", &faults);
    if no_camera {
        faults.add(None, "camera", "no camera is configured: write at least one [[camera]]");
    }

    let found = faults.into_sorted();
    match (site, found.is_empty()) {
        (Some(site), true) => Ok(Config {
            site,
            box_id: box_keys.flatten().and_then(|keys| keys.id).map_or_else(host_name, |id| id.to_string()),
            detector: detector.flatten().unwrap_or_default(),
            cameras,
            evidence: Evidence { directory: folder.join(&evidence.directory), ..evidence },
            state: folder.join(state.flatten().map_or_else(default_state, |keys| keys.directory)),
            sinks: sinks.into_iter().flatten().collect(),
            console: console.flatten().unwrap_or_default(),
            folder: folder.to_owned(),
            sha256: format!("{:x}", Sha256::digest(text)),
        }),
        _ => Err(found),
    }
}

/// Reads a table that has no keys but those of `T`.
fn read_whole<T: DeserializeOwned>(mut table: Table<'_>, path: &str, faults: &Faults<'_>) -> Option<T> {
    refuse_unknown(&mut table, fields_of::<T>(), path, faults);
    read(&mut table, path, faults)
}

/// Reads an optional top-level table: none where it is absent, `Some(None)` where it is faulty.
fn section<T: DeserializeOwned>(file: &mut Table<'_>, key: &str, faults: &Faults<'_>) -> Option<Option<T>> {
    take_table(file, key, "", faults).map(|table| read_whole(table, key, faults))
}

fn read_site(table: Table<'_>, faults: &Faults<'_>) -> Option<Site> {
    let span = table.get_ref().get("timezone").map(toml::Spanned::span);
    let keys: SiteKeys = read_whole(table, "site", faults)?;
    let timezone = match keys.timezone.as_deref().map(TimeZone::get) {
        None => TimeZone::UTC,
        Some(Ok(zone)) => zone,
        Some(Err(_)) => {
            let name = keys.timezone.unwrap_or_default();
            faults.add(
                span,
                "site.timezone",
                format!("{name:?} is no time zone; write an IANA name, such as \"Asia/Shanghai\""),
            );
            return None;
        }
    };
    let name = keys.name.unwrap_or_else(|| keys.id.to_string());
    Some(Site { id: keys.id, name, timezone })
}

fn read_cameras(
    tables: Vec<Table<'_>>,
    folder: &Path,
    lookup: &dyn Fn(&str) -> Option<String>,
    faults: &Faults<'_>,
) -> Vec<Camera> {
    let mut seen = BTreeSet::new();
    let mut cameras = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        let id = table.get_ref().get("id");
        let id_span = id.map(toml::Spanned::span);
        let path = match id.and_then(|id| id.get_ref().as_str()) {
            Some(id) => format!("camera.{id}"),
            None => format!("camera[{index}]"),
        };
        expand(&mut table, &path, lookup, faults);
        let source_span = table.get_ref().get("source").map(toml::Spanned::span);
        let rate_span = table.get_ref().get("rate").map(toml::Spanned::span);
        let region_span = table.get_ref().get("region").map(toml::Spanned::span);
        let span = table.span();
        let rules = take_tables(&mut table, "rule", &path, faults);
        let mut known = fields_of::<CameraKeys>().to_vec();
        known.push("rule");
        refuse_unknown(&mut table, &known, &path, faults);
        let keys: Option<CameraKeys> = read(&mut table, &path, faults);
        if rules.is_empty() {
            faults.add(
                Some(span),
                &join(&path, "rule"),
                "this camera watches for nothing: write at least one [[camera.rule]]",
            );
        }
        let rules = read_rules(rules, &path, faults);
        let Some(keys) = keys else { continue };
        let region = keys.region.map_or(BBox::WHOLE, BBox::from);
        if let Some(fault) = wrong_region(&region, &rules) {
            faults.add(region_span, &join(&path, "region"), fault);
        }
        if keys.rate.is_some_and(|rate| !(0.1..=240.0).contains(&rate)) {
            faults.add(rate_span, &join(&path, "rate"), "pictures a second are wanted, from 0.1 to 240");
        }
        if !seen.insert(keys.id.clone()) {
            faults.add(id_span, &join(&path, "id"), "another camera has this id; ids must be unique");
        }
        if keys.source.trim().is_empty() {
            faults.add(
                source_span,
                &join(&path, "source"),
                "it is empty: write an address, a file or a glob of files",
            );
            continue;
        }
        let source = SourceAddress::new(keys.source, folder);
        let name = keys.name.unwrap_or_else(|| keys.id.to_string());
        cameras.push(Camera {
            id: keys.id,
            name,
            labels: keys.labels,
            source,
            rate: keys.rate,
            region,
            pixel_aspect: keys.pixel_aspect,
            rules,
        });
    }
    cameras
}

/// What is wrong with a region: it is too small to show anything, or a zone reaches beyond it.
fn wrong_region(region: &BBox, rules: &[RuleConfig]) -> Option<String> {
    let inside = |value: f32| (0.0..=1.0).contains(&value);
    let sides = [region.left, region.top, region.right, region.bottom];
    if !sides.into_iter().all(inside)
        || region.right - region.left < 0.05
        || region.bottom - region.top < 0.05
    {
        return Some("left, top, right, bottom are wanted, from 0 to 1 and at least 0.05 apart".to_owned());
    }
    let beyond = |zone: &Polygon| {
        zone.points()
            .iter()
            .any(|p| p.x < region.left || p.x > region.right || p.y < region.top || p.y > region.bottom)
    };
    let rule = rules.iter().find(|rule| rule.keys().zone().is_some_and(beyond))?;
    let named = rule.name.as_ref().map(|name| format!(" {name:?}")).unwrap_or_default();
    Some(format!(
        "the zone of its rule {}{named} reaches beyond it, where nothing would be found",
        rule.kind()
    ))
}

fn read_rules(tables: Vec<Table<'_>>, camera: &str, faults: &Faults<'_>) -> Vec<RuleConfig> {
    let mut rules: Vec<RuleConfig> = Vec::new();
    for (index, mut table) in tables.into_iter().enumerate() {
        let path = format!("{camera}.rule[{index}]");
        let span = table.span();
        let Some(rule) = read_rule(&mut table, &path, faults) else { continue };
        let clashes = |other: &RuleConfig| {
            other.kind() == rule.kind()
                && (other.name == rule.name || other.name.is_none() || rule.name.is_none())
        };
        if rules.iter().any(clashes) {
            faults.add(
                Some(span),
                &join(&path, "name"),
                format!("two rules of kind {} on one camera need names of their own", rule.kind()),
            );
        }
        rules.push(rule);
    }
    rules
}

fn read_rule(table: &mut Table<'_>, path: &str, faults: &Faults<'_>) -> Option<RuleConfig> {
    let span = table.span();
    let kinds = Kind::ALL.map(Kind::name);
    let Some(kind) = table.get_mut().remove("kind") else {
        faults.add(
            Some(span),
            &join(path, "kind"),
            format!("this key is required: one of {}", kinds.join(", ")),
        );
        return None;
    };
    let kind_span = kind.span();
    let DeValue::String(kind) = kind.into_inner() else {
        faults.add(
            Some(kind_span),
            &join(path, "kind"),
            format!("one of {} is wanted here", kinds.join(", ")),
        );
        return None;
    };
    let spans: BTreeMap<String, std::ops::Range<usize>> =
        table.get_ref().iter().map(|(key, value)| (key.get_ref().to_string(), value.span())).collect();
    let Some(kind) = Kind::ALL.into_iter().find(|known| known.name() == kind) else {
        faults.add(Some(kind_span), &join(path, "kind"), unknown("kind", &kind, &kinds));
        return None;
    };
    let common: Option<RuleKeys> = read(table, path, faults);
    let seed = OfKind(kind);
    let mut known = fields_as(seed).to_vec();
    // The keys that all rules share have been taken out by now, but are to be suggested.
    known.extend(["kind"].iter().chain(fields_of::<RuleKeys>()));
    refuse_unknown(table, &known, path, faults);
    let settings = read_as(seed, table, path, faults);
    let (common, settings) = (common?, settings?);
    let rule = RuleConfig {
        name: common.name.map(|name| name.to_string()),
        schedule: common.schedule,
        every: common.every,
        model: common.model.map(Into::into).or_else(|| settings.keys().model()),
        settings,
    };
    check_rule(&rule, path, &spans, faults);
    Some(rule)
}

/// A clip of more than this around a moment is a slip of the pen: it copies that much of the recording.
const LONGEST_ROLL: Duration = Duration::from_secs(600);

fn check_rule(
    rule: &RuleConfig,
    path: &str,
    spans: &BTreeMap<String, std::ops::Range<usize>>,
    faults: &Faults<'_>,
) {
    let fault = |key: &str, message: String| faults.add(spans.get(key).cloned(), &join(path, key), message);
    if let Some(every) = rule.every
        && !(Duration::from_millis(20)..=Duration::from_secs(60)).contains(&every)
    {
        fault("every", "it must be between 20ms and 60s".to_owned());
    }
    rule.keys().check(&Check::new(&fault));
}

fn check_detector(detector: &DetectorConfig, faults: &Faults<'_>) {
    if !(detector.confidence > 0.0 && detector.confidence < 1.0) {
        faults.add(None, "detector.confidence", "it must lie between 0 and 1, such as 0.35");
    }
    if let Some(input) = detector.input
        && !input.iter().all(|side| (32..=4096).contains(side))
    {
        faults.add(None, "detector.input", "width and height must be between 32 and 4096 pixels");
    }
    let mut told_apart = BTreeSet::new();
    let outputs = detector.classes.iter().flatten().flat_map(|(_, outputs)| outputs);
    for output in outputs {
        if !told_apart.insert(*output) {
            faults.add(
                None,
                "detector.classes",
                format!("output {output} is named twice: it is of one class"),
            );
        }
    }
    let told = [detector.head.is_some(), detector.classes.is_some(), detector.input.is_some()];
    if told.contains(&true) && told.contains(&false) {
        faults.add(
            None,
            "detector",
            "`head`, `classes` and `input` belong together: give all three, or none",
        );
    }
}

fn check_evidence(evidence: &Evidence, faults: &Faults<'_>) {
    for (key, roll) in [("pre_roll", evidence.pre_roll), ("post_roll", evidence.post_roll)] {
        if roll > LONGEST_ROLL {
            faults.add(
                None,
                &join("evidence", key),
                format!("it must be no longer than {}", duration::format(LONGEST_ROLL)),
            );
        }
    }
}

/// What a configuration names a model by: a name in the catalogue, or the path of a file, from `folder`.
fn located(model: &str, folder: &Path) -> String {
    let path = Path::new(model);
    let is_file = model.ends_with(".onnx") || path.components().count() > 1;
    if is_file { folder.join(path).to_string_lossy().into_owned() } else { model.to_owned() }
}

/// The host's name made an id; `box` where it has none.
fn host_name() -> String {
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
