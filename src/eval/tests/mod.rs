mod compare;
mod table;
mod truth;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use uuid::Uuid;

use super::{Analysed, Spell};
use crate::domain::{CameraId, Kind, MediaTime, Moment, Phase, RuleId, SiteId, Violation, WallOrigin};

fn camera(id: &str) -> CameraId {
    CameraId::new(id).expect("an id")
}

fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

/// A camera that was looked at from start to end, so many seconds.
fn all_of(seconds: u64) -> Analysed {
    let looked_at = Duration::from_secs(seconds);
    Analysed { looked_at, until: MediaTime::ZERO + looked_at }
}

/// Two cameras: `lane-3` watches a fire lane, `hall` a fire lane and an elevator.
fn watched() -> BTreeMap<CameraId, BTreeSet<Kind>> {
    BTreeMap::from([
        (camera("lane-3"), BTreeSet::from([Kind::FireLaneParking])),
        (camera("hall"), BTreeSet::from([Kind::FireLaneParking, Kind::EbikeInElevator])),
    ])
}

fn spell(line: u64, id: &str, kind: Kind, start: f64, end: Option<f64>) -> Spell {
    Spell { camera: camera(id), kind, start: at(start), end: end.map(at), line }
}

fn violation(number: u128, id: &str, kind: Kind, span: (f64, f64, Option<f64>)) -> Violation {
    let (started, raised, ended) = span;
    let moment = |seconds: f64| Moment {
        media_s: at(seconds),
        wall: Timestamp::from_microsecond(1_700_000_000_000_000 + at(seconds).as_micros()).expect("a time"),
        file: Some("a.mp4".to_owned()),
        file_s: Some(at(seconds)),
    };
    Violation {
        id: Uuid::from_u128(number),
        site: SiteId::new("site").expect("an id"),
        camera: camera(id),
        camera_name: id.to_owned(),
        rule: RuleId::new(&camera(id), kind, None),
        kind,
        phase: if ended.is_some() { Phase::Ended } else { Phase::Raised },
        class: None,
        confidence: None,
        bbox: None,
        count: None,
        wall_origin: WallOrigin::FileName,
        started: moment(started),
        raised: Some(moment(raised)),
        ended: ended.map(moment),
        last_seen: None,
        ended_unknown: false,
        evidence: Vec::new(),
        missing: Vec::new(),
    }
}
