use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        CameraId, Epoch, Kind, MediaTime, Moment, NAMESPACE, Phase, RuleId, SiteId, Violation, WallOrigin,
        When, micros,
    },
    rules::{Finding, LONGEST_PLACE},
};

/// The violations of one camera that are open, made of what its rules find. One that is over is told and forgotten.
#[derive(Debug, Clone)]
pub(super) struct Book {
    site: SiteId,
    camera: CameraId,
    camera_name: String,
    /// What moments are told by, for the connections and files of which moments may yet be told.
    epochs: BTreeMap<u32, Begun>,
    open: BTreeMap<Uuid, Open>,
}

/// How a connection or file began.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    /// Where the file's own time is 0.
    #[serde(with = "micros")]
    zero: MediaTime,
    origin: WallOrigin,
    /// None for live connections.
    file: Option<String>,
}

/// A violation that is open, or warned about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Open {
    pub rule: RuleId,
    pub kind: Kind,
    /// What was found of it last.
    pub told: Finding,
}

/// What a book is written down as.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedBook {
    epochs: BTreeMap<u32, Begun>,
    open: Vec<Open>,
}

/// No camera has more violations open, nor epochs of which they tell.
const MOST: usize = 1 << 14;
/// No file has a longer name.
const LONGEST_FILE: usize = 4096;

impl Book {
    /// An empty book. `camera_name` is copied into every violation.
    pub fn new(site: SiteId, camera: CameraId, camera_name: String) -> Self {
        Self { site, camera, camera_name, epochs: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// A connection or file begins: moments in it can then be found in the file. Of those before it, the ones in `needed` are
    /// kept.
    pub fn epoch(&mut self, epoch: &Epoch, needed: &BTreeSet<u32>) {
        let zero = epoch.zero.unwrap_or(epoch.from);
        let begun = Begun { zero, origin: epoch.wall_origin, file: epoch.file.clone() };
        self.epochs.retain(|number, _| needed.contains(number));
        self.epochs.insert(epoch.epoch, begun);
    }

    /// Writes a finding of `rule` down, and returns the violation as it is at this step.
    pub fn record(&mut self, rule: &RuleId, kind: Kind, finding: &Finding) -> Violation {
        let id = self.id(rule, finding.started, &finding.place);
        let mut violation = Violation {
            id,
            site: self.site.clone(),
            camera: self.camera.clone(),
            camera_name: self.camera_name.clone(),
            rule: rule.clone(),
            kind,
            phase: finding.phase,
            class: finding.class,
            confidence: finding.confidence,
            bbox: finding.bbox,
            count: finding.count,
            wall_origin: self.epochs.get(&finding.started.epoch).map_or(WallOrigin::Clock, |e| e.origin),
            started: self.moment(finding.started),
            raised: finding.raised.map(|when| self.moment(when)),
            ended: (finding.phase == Phase::Ended).then(|| self.moment(finding.at)),
            last_seen: finding.last_seen.map(|when| self.moment(when)),
            ended_unknown: finding.ended_unknown,
            evidence: Vec::new(),
            missing: Vec::new(),
        };
        if finding.last_seen.is_some() {
            // Nothing happened: what was told last stays.
            violation.phase = self.open.get(&id).map_or(violation.phase, |open| open.told.phase);
        } else if finding.phase == Phase::Ended {
            self.open.remove(&id);
        } else {
            self.open.insert(id, Open { rule: rule.clone(), kind, told: finding.clone() });
        }
        violation
    }

    /// The site.
    pub fn site(&self) -> &SiteId {
        &self.site
    }

    /// The camera.
    pub fn camera(&self) -> &CameraId {
        &self.camera
    }

    /// What is open, and what moments are told by.
    pub fn save(&self) -> SavedBook {
        SavedBook { epochs: self.epochs.clone(), open: self.open.values().cloned().collect() }
    }

    /// Goes on from what was saved. What is open of rules that are not kept is returned, and is to be recorded as ended.
    pub fn restore(&mut self, saved: SavedBook, is_kept: impl Fn(&RuleId) -> bool) -> Vec<Open> {
        self.epochs = saved.epochs;
        let (kept, left): (Vec<Open>, Vec<Open>) =
            saved.open.into_iter().partition(|open| is_kept(&open.rule));
        let by_id = |open: Open| (self.id(&open.rule, open.told.started, &open.told.place), open);
        self.open = kept.into_iter().map(by_id).collect();
        left
    }

    /// The id of the violation of `rule` that began at `started` at this place.
    pub fn id(&self, rule: &RuleId, started: When, place: &str) -> Uuid {
        let name = format!("{}\n{}\n{}\n{}\n{}", self.site, self.camera, rule, started.wall, place);
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }

    fn moment(&self, when: When) -> Moment {
        let file = self.epochs.get(&when.epoch).and_then(|e| Some((e.zero, e.file.as_ref()?)));
        Moment {
            media_s: when.at,
            wall: when.wall,
            file: file.map(|(_, name)| name.clone()),
            file_s: file.map(|(from, _)| {
                MediaTime::from_micros(when.at.as_micros().saturating_sub(from.as_micros()))
            }),
        }
    }
}

impl SavedBook {
    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        let is_open = |Open { told, .. }: &Open| {
            told.started.at <= told.at.at
                && told.at.at <= until
                && told.place.len() <= LONGEST_PLACE
                && told.phase != Phase::Ended
        };
        let is_short = |begun: &Begun| begun.file.as_ref().is_none_or(|file| file.len() <= LONGEST_FILE);
        self.epochs.len() <= MOST
            && self.epochs.values().all(is_short)
            && self.open.len() <= MOST
            && self.open.iter().all(is_open)
    }
}
