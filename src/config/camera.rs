//! `[[camera]]`: a camera and what is watched for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    expand::{Outside, expand},
    places::{Places, seconds},
    rule::{RuleConfig, read_rules},
    section::{
        Faults, Table, called, fields_of, join, read, read_whole, refuse_unknown, take_table, take_tables,
    },
    source::{FRAME_TIMEOUT, Live, OPEN_TIMEOUT, RequestHost, Scheme, SourceAddress, Transport, is_address},
    tls::{Tls, TlsKeys},
};
use crate::{
    address::Address,
    domain::CameraId,
    duration,
    geometry::{BBox, PixelAspect, Polygon},
};

/// `[[camera]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Its id.
    pub id: CameraId,
    /// Its name, for people: copied into alerts and reports.
    pub name: String,
    /// The user's own labels, likewise.
    pub labels: BTreeMap<String, String>,
    /// Where its pictures come from.
    #[serde(flatten)]
    pub source: SourceAddress,
    /// Whether `run` plays its recordings again and again.
    #[serde(default)]
    pub playing: Playing,
    /// How many pictures a second its recordings hold, where they do not say it themselves.
    pub rate: Option<f64>,
    /// The part of the picture that detectors look at.
    pub region: BBox,
    /// How wide its pixels are to be shown; none to believe the recording.
    pub pixel_aspect: Option<PixelAspect>,
    /// What is black in stills and clips.
    #[serde(default)]
    pub mask: Vec<Polygon>,
    /// What is watched for.
    pub rules: Vec<RuleConfig>,
}

/// `[[camera]]` without its rules and `tls`.
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
    /// Of a live camera, a smaller stream of the same pictures: it is looked at, and evidence is of `source`. Default: none.
    substream: Option<Address>,
    /// How RTSP carries packets. Default: tcp.
    transport: Option<Transport>,
    /// How long a live camera may take to its first key frame, 1 s to 5 min. Default 30 s.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    open_timeout: Option<Duration>,
    /// How long it may take from one picture to the next, 1 s to 5 min. Default 10 s.
    #[serde(with = "duration::optional", default)]
    #[schemars(with = "Option<duration::Written>")]
    frame_timeout: Option<Duration>,
    /// Which machine the requests to an RTSP camera name: `guard`, through which all passes that a camera sends, or `camera`, for
    /// one that answers nobody else and is then read without the guard. Default: guard.
    request_host: Option<RequestHost>,
    /// How often `run` plays recordings as if a camera sent them, for trials: `once` or `loop`. Default: once.
    playing: Option<Playing>,
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
    /// Parts of the picture that are black in stills and clips, never in what is analysed: each a polygon in fractions of the
    /// picture. Default: none.
    #[serde(default)]
    #[schemars(length(max = 64))]
    mask: Vec<Polygon>,
}

/// How often `run` plays a camera's recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Playing {
    /// From the first to the last.
    #[default]
    Once,
    /// Again and again.
    Loop,
}

/// The cameras of a file, and every id that it gives to one, faulty or not.
pub(super) struct Cameras {
    pub sound: Vec<Camera>,
    pub ids: BTreeSet<String>,
}

pub(super) fn read_cameras(tables: Vec<Table<'_>>, outside: &Outside<'_>, faults: &Faults<'_>) -> Cameras {
    let mut cameras = Cameras { sound: Vec::new(), ids: BTreeSet::new() };
    for (index, mut table) in tables.into_iter().enumerate() {
        let path = called(&table, "camera", "id", index);
        expand(&mut table, &path, outside, faults);
        let places = Places::of(&table, &path, faults);
        if let Some(id) = table.get_ref().get("id").and_then(|id| id.get_ref().as_str())
            && !cameras.ids.insert(id.to_owned())
        {
            places.fault("id", "another camera has this id; ids must be unique");
        }
        cameras.sound.extend(read_camera(&mut table, &path, &places, outside.folder, faults));
    }
    cameras
}

fn read_camera(
    table: &mut Table<'_>,
    path: &str,
    places: &Places<'_, '_>,
    folder: &Path,
    faults: &Faults<'_>,
) -> Option<Camera> {
    let rules = take_tables(table, "rule", path, faults);
    let tls = take_table(table, "tls", path, faults);
    let tls = tls.map(|tls| read_tls(tls, places, &join(path, "tls"), folder, faults));
    let mut known = fields_of::<CameraKeys>().to_vec();
    known.extend(["tls", "rule"]);
    refuse_unknown(table, &known, path, faults);
    let keys: Option<CameraKeys> = read(table, path, faults);
    if rules.is_empty() {
        places.fault("rule", "this camera watches for nothing: write at least one [[camera.rule]]");
    }
    let rules = read_rules(rules, path, faults);
    let keys = keys?;
    check(&keys, &rules, places);
    if keys.source.trim().is_empty() {
        places.fault("source", "it is empty: write an address, a file or a glob of files");
        return None;
    }
    let name = keys.name.clone().unwrap_or_else(|| keys.id.to_string());
    Some(Camera {
        name,
        source: source(&keys, tls.flatten(), places, folder),
        id: keys.id,
        labels: keys.labels,
        playing: keys.playing.unwrap_or_default(),
        rate: keys.rate,
        region: keys.region.map_or(BBox::WHOLE, BBox::from),
        pixel_aspect: keys.pixel_aspect,
        mask: keys.mask,
        rules,
    })
}

fn read_tls(
    table: Table<'_>,
    places: &Places<'_, '_>,
    path: &str,
    folder: &Path,
    faults: &Faults<'_>,
) -> Option<Tls> {
    let of_tls = Places::of(&table, path, faults);
    let keys: TlsKeys = read_whole(table, path, faults)?;
    if let Some(ca) = &keys.ca {
        of_tls.path("ca", ca);
    }
    match Tls::try_from(keys) {
        Ok(Tls::Ca(ca)) => Some(Tls::Ca(folder.join(ca))),
        Ok(tls) => Some(tls),
        Err(message) => {
            places.fault("tls", message);
            None
        }
    }
}

/// Names go into alerts, which are to stay small.
const LONGEST_NAME: usize = 120;
/// So do labels: as many bytes of JSON at most.
const MOST_LABELS: usize = 4_000;
const MOST_MASKS: usize = 64;

fn check(keys: &CameraKeys, rules: &[RuleConfig], places: &Places<'_, '_>) {
    if let Some(name) = &keys.name {
        places.line("name", name, LONGEST_NAME);
    }
    let labels = serde_json::to_string(&keys.labels).map_or(0, |text| text.len());
    if labels > MOST_LABELS {
        places.fault(
            "labels",
            format!(
                "they are too long: each alert holds them, so they may take {MOST_LABELS} bytes together"
            ),
        );
    }
    if keys
        .labels
        .iter()
        .any(|(key, value)| key.contains(char::is_control) || value.contains(char::is_control))
    {
        places.fault("labels", "one holds line ends or other control characters");
    }
    let region = keys.region.map_or(BBox::WHOLE, BBox::from);
    if let Some(fault) = wrong_region(&region, rules) {
        places.fault("region", fault);
    }
    if keys.rate.is_some_and(|rate| !(0.1..=240.0).contains(&rate)) {
        places.fault("rate", "pictures a second are wanted, from 0.1 to 240");
    }
    if keys.mask.len() > MOST_MASKS {
        places.fault("mask", format!("{MOST_MASKS} polygons at most"));
    }
}

/// The keys that tell how a live camera is read.
const OF_LIVE: [&str; 6] = ["substream", "transport", "open_timeout", "frame_timeout", "tls", "request_host"];

fn source(keys: &CameraKeys, tls: Option<Tls>, places: &Places<'_, '_>, folder: &Path) -> SourceAddress {
    if !is_address(&keys.source) {
        for key in OF_LIVE.into_iter().filter(|key| places.has(key)) {
            places.fault(
                key,
                "it is for live cameras, and `source` is a recording: leave it out, or write an address such as \
                 rtsp://10.2.0.31/stream1 as `source`",
            );
        }
        if has_credentials(&keys.source) && !folder.join(&keys.source).exists() {
            places.fault(
                "source",
                "it has a user name and a password, and is no address: write rtsp:// before them, as in \
                 rtsp://viewer:${PASSWORD}@10.2.0.31/stream1",
            );
        }
        places.line("source", &keys.source, LONGEST_ADDRESS);
        return SourceAddress::new(keys.source.clone(), folder);
    }
    let live = Live {
        substream: keys.substream.clone(),
        transport: keys.transport.unwrap_or_default(),
        open_timeout: keys.open_timeout.unwrap_or(OPEN_TIMEOUT),
        frame_timeout: keys.frame_timeout.unwrap_or(FRAME_TIMEOUT),
        tls,
        request_host: keys.request_host.unwrap_or_default(),
        ..Live::new(keys.source.clone())
    };
    if places.has("playing") {
        places.fault("playing", "it is for recordings, and `source` is a live camera: leave it out");
    }
    check_live(&live, places);
    SourceAddress::Live(live)
}

/// Whether what is no address looks as if its scheme had been forgotten: it may not be shown as a file.
fn has_credentials(written: &str) -> bool {
    let schemes = ["rtsp:/", "rtsps:/", "http:/", "https:/"];
    let user = written.split_once('@').map(|(user, _)| user);
    schemes.iter().any(|scheme| written.starts_with(scheme)) || user.is_some_and(|user| user.contains(':'))
}

const LONGEST_WAIT: Duration = seconds(300);
const LONGEST_ADDRESS: usize = 4096;

fn check_live(live: &Live, places: &Places<'_, '_>) {
    let streams = [("source", Some(&live.address)), ("substream", live.substream.as_ref())];
    let streams = streams.into_iter().filter_map(|(key, address)| Some((key, address?)));
    let schemes: Vec<Scheme> =
        streams.filter_map(|(key, address)| check_stream(key, address, places)).collect();
    let all = |is: fn(Scheme) -> bool| !schemes.is_empty() && schemes.iter().all(|scheme| is(*scheme));
    if places.has("transport") && all(|scheme| !scheme.is_rtsp()) {
        places.fault("transport", "it is for RTSP, and this camera is read by HTTP: leave it out");
    }
    if live.transport == Transport::Udp && schemes.contains(&Scheme::Rtsps) {
        places.fault(
            "transport",
            "rtsps carries packets within the connection alone: write \"tcp\", or leave it out",
        );
    }
    if live.request_host == RequestHost::Camera && schemes.iter().any(|scheme| *scheme != Scheme::Rtsp) {
        places.fault(
            "request_host",
            "only rtsp:// is read without the guard, which looks at certificates and names the camera by HTTP: leave it out",
        );
    }
    if live.request_host == RequestHost::Camera && live.transport == Transport::Udp {
        places.fault(
            "request_host",
            "packets by UDP come through the guard alone: leave it out, or write transport = \"tcp\"",
        );
    }
    if live.tls.is_some() && all(|scheme| !scheme.is_secure()) {
        places.fault(
            "tls",
            "this camera shows no certificate: leave it out, or write an address that begins with rtsps:// or https://",
        );
    }
    let bounds = (seconds(1), LONGEST_WAIT);
    places.time(
        "open_timeout",
        live.open_timeout,
        bounds,
        "key frames come less than once a second, and a camera that is silent for minutes is off",
    );
    places.time(
        "frame_timeout",
        live.frame_timeout,
        bounds,
        "networks falter for a moment, and a camera that is silent for minutes is off",
    );
}

/// The scheme of a stream by which cameras are read.
fn check_stream(key: &str, address: &Address, places: &Places<'_, '_>) -> Option<Scheme> {
    let scheme = address.as_str().split_once("://").and_then(|(scheme, _)| Scheme::of(scheme));
    let Some(scheme) = scheme else {
        let known = Scheme::ALL.map(|scheme| format!("{}://", scheme.name())).join(", ");
        places.fault(key, format!("live cameras are read by {known}: write an address that begins so"));
        return None;
    };
    // Passwords of cameras hold whatever they do: what is left of an address without them is looked at first.
    let shown = address.to_string();
    let named = shown
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.trim().is_empty() && !rest.starts_with(['/', '…']));
    if !named || address.as_str().contains(char::is_control) || address.as_str().len() > LONGEST_ADDRESS {
        places.fault(key, "it names no camera: write it such as rtsp://10.2.0.31/stream1");
        return None;
    }
    if address.parts().is_none() {
        places.fault(
            key,
            "it cannot be told which part of it is the host: it has the form rtsp://USER:PASSWORD@HOST:PORT/PATH; within user \
             name and password, @ : / ? # and % are written as %40 %3A %2F %3F %23 and %25",
        );
        return None;
    }
    Some(scheme)
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
