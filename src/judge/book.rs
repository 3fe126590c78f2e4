use std::collections::BTreeMap;

use uuid::Uuid;

use crate::{
    domain::{
        CameraId, Epoch, EvidenceFile, Kind, MediaTime, Moment, NAMESPACE, Phase, RuleId, SiteId, Violation,
        WallOrigin, When,
    },
    rules::Finding,
};

/// The violations of one camera as last known, made of what its rules find.
#[derive(Debug, Clone)]
pub struct Book {
    site: SiteId,
    camera: CameraId,
    camera_name: String,
    /// What moments are told by, for each connection or file.
    epochs: BTreeMap<u32, Begun>,
    violations: BTreeMap<Uuid, Violation>,
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
        Self { site, camera, camera_name, epochs: BTreeMap::new(), violations: BTreeMap::new() }
    }

    /// A connection or file begins: moments in it can then be found in the file.
    pub fn epoch(&mut self, epoch: &Epoch) {
        let zero = epoch.zero.unwrap_or(epoch.from);
        let begun = Begun { zero, origin: epoch.wall_origin, file: epoch.file.clone() };
        self.epochs.insert(epoch.epoch, begun);
    }

    /// Writes a finding of `rule` down, and returns the violation as it is at this step. One that was only warned
    /// about is returned but not kept.
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
        if let Some(known) = self.violations.get(&id) {
            violation.evidence.clone_from(&known.evidence);
            if finding.last_seen.is_some() {
                violation.phase = known.phase;
            }
        }
        if finding.raised.is_some() {
            self.violations.insert(id, violation.clone());
        }
        violation
    }

    /// Adds files of evidence to a violation, in order of name. Whether the violation is known.
    pub fn attach(&mut self, id: &Uuid, files: impl IntoIterator<Item = EvidenceFile>) -> bool {
        let Some(violation) = self.violations.get_mut(id) else { return false };
        violation.evidence.extend(files);
        violation.evidence.sort_by(|a, b| a.name.cmp(&b.name));
        true
    }

    /// Takes the violations that are over out of the book, for a camera that is watched without end.
    pub fn take_ended(&mut self) -> Vec<Violation> {
        let (ended, open) = std::mem::take(&mut self.violations)
            .into_iter()
            .partition(|(_, violation)| violation.phase == Phase::Ended);
        self.violations = open;
        sorted(ended)
    }

    /// Every violation as last known, sorted by start, camera and rule.
    pub fn violations(&self) -> Vec<Violation> {
        sorted(self.violations.clone())
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

fn sorted(violations: BTreeMap<Uuid, Violation>) -> Vec<Violation> {
    let mut list: Vec<Violation> = violations.into_values().collect();
    list.sort_by(|a, b| {
        (a.started.media_s, &a.camera, &a.rule, a.id).cmp(&(b.started.media_s, &b.camera, &b.rule, b.id))
    });
    list
}
