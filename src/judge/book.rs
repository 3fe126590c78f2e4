use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    domain::{
        CameraId, Epoch, Kind, MediaTime, Moment, NAMESPACE, Phase, RuleId, SiteId, Violation, WallOrigin,
        When,
    },
    rules::Finding,
};

/// The violations of one camera that are open, made of what its rules find. One that is over is told and forgotten.
#[derive(Debug, Clone)]
pub(super) struct Book {
    site: SiteId,
    camera: CameraId,
    camera_name: String,
    /// What moments are told by, for the connections and files of which moments may yet be told.
    epochs: BTreeMap<u32, Begun>,
    /// What was found last of each violation that is open, or warned about.
    open: BTreeMap<Uuid, Finding>,
}

/// How a connection or file began.
#[derive(Debug, Clone)]
struct Begun {
    /// Where the file's own time is 0.
    zero: MediaTime,
    origin: WallOrigin,
    /// None for live connections.
    file: Option<String>,
}

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
            violation.phase = self.open.get(&id).map_or(violation.phase, |told| told.phase);
        } else if finding.phase == Phase::Ended {
            self.open.remove(&id);
        } else {
            self.open.insert(id, finding.clone());
        }
        violation
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
