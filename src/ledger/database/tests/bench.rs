//! A database in a folder of its own, and cameras that keep their steps in it.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

use super::super::{CameraLedger, Database, DatabaseError, Found, Given, Handle, Kept, Queued, Settings};
use crate::{
    clock::{Clock, Manual},
    config::{Camera, Config, Filter},
    domain::{
        Alert, AlertBody, CameraId, EvidenceRole, Explanation, MediaTime, MissingCause, MissingEvidence,
        NAMESPACE, Phase, RuleId, SiteId, Violation, When,
    },
    judge::{Judge, Judgement, Saved},
    ledger::{Fact, Ledger, Step},
    results::Entry,
    rules::{Beginning, Finding},
};

/// What takes moments is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub const SINK: &str = "platform";

pub fn id(camera: &str) -> CameraId {
    CameraId::new(camera).expect("an id")
}

/// When everything begins.
pub fn epoch() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

pub fn wall(step: i64) -> Timestamp {
    epoch() + SignedDuration::from_secs(step)
}

/// Waits for something that is to come about.
pub fn until(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "it did not come about that {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub struct Bench {
    // It is closed before its folder goes.
    database: Option<Database>,
    pub folder: TempDir,
    pub clock: Arc<Manual>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(tempfile::tempdir().expect("a folder"), Arc::new(Manual::at(epoch()))).0
    }

    pub fn with(folder: TempDir, clock: Arc<Manual>) -> (Self, Found) {
        let opened = Database::open(settings(folder.path()), Arc::clone(&clock) as Arc<dyn Clock>);
        let (database, found) = opened.expect("it opens");
        (Self { folder, clock, database: Some(database) }, found)
    }

    pub fn handle(&self) -> Handle {
        self.database.as_ref().expect("it is open").handle()
    }

    pub fn ledger(&self, camera: &str) -> CameraLedger {
        self.handle().ledger(id(camera), explanations(camera))
    }

    /// Waits until nothing waits to be written but states.
    pub fn settle(&self) {
        until("all is written", || self.handle().facts().in_memory == 0);
    }

    pub fn commits(&self) -> u64 {
        self.handle().facts().commits
    }

    /// Closes and opens it.
    pub fn reopen(mut self) -> (Self, Found) {
        self.close();
        Self::with(self.folder, self.clock)
    }

    pub fn close(&mut self) {
        if let Some(database) = self.database.take() {
            database.close(PATIENCE).expect("all is written");
        }
    }

    /// Copies the database as it lies on the disk now, as if power failed, and opens the copy. The thread that writes stands
    /// still meanwhile, between two commits.
    pub fn crash(&self) -> (Self, Found) {
        self.crash_with(|_| ())
    }

    /// The same, with something happening to the copy before it is opened.
    pub fn crash_with(&self, how: impl FnOnce(&Path)) -> (Self, Found) {
        let to = tempfile::tempdir().expect("a folder");
        {
            let handle = self.handle();
            let _gate = handle.shared.faults.hang();
            for name in ["firewarden.db", "firewarden.db-wal"] {
                let from = self.folder.path().join(name);
                if from.exists() {
                    fs::copy(from, to.path().join(name)).expect("copied");
                }
            }
        }
        how(to.path());
        Self::with(to, Arc::new(Manual::at(self.clock.wall())))
    }

    /// What waits for the sink, once none of it waits for a still.
    pub fn alerts(&self) -> Vec<Alert> {
        self.alerts_for(SINK)
    }

    pub fn alerts_for(&self, sink: &str) -> Vec<Alert> {
        self.clock.advance(Duration::from_secs(2));
        self.now(sink)
    }

    /// What can be given out now.
    pub fn now(&self, sink: &str) -> Vec<Alert> {
        let queued = next_alerts(&self.handle(), sink, usize::MAX).expect("read");
        queued.iter().map(|queued: &Queued| queued.alert().expect("an alert")).collect()
    }

    pub fn deliver(&self, sink: &str, sequences: &[u64]) {
        let handle = self.handle();
        handle.delivered(sink, handle.outbox(), sequences).expect("noted");
    }

    /// The step that the state of a camera was saved at.
    pub fn saved(&self, camera: &str) -> Option<i64> {
        let bytes = self.handle().saved(&id(camera)).expect("read")?;
        let site = SiteId::new("lf-027").expect("an id");
        let saved = Saved::read(&bytes, &site, &id(camera)).expect("as it was written");
        Some(saved.reached().expect("it came so far").at.as_micros())
    }
}

/// Alerts that can be given to a sink, in their order, so many at most.
pub fn next_alerts(handle: &Handle, sink: &str, most: usize) -> Result<Vec<Queued>, DatabaseError> {
    let waiting = handle.waiting(sink, 0, usize::MAX)?;
    let sequences: Vec<u64> = waiting.alerts.iter().map(|(sequence, _)| *sequence).collect();
    let given = handle.given(sink, &sequences)?.into_iter().filter_map(|given| match given {
        Given::Alert(queued) => Some(queued),
        Given::Held | Given::Gone => None,
    });
    Ok(given.take(most).collect())
}

pub fn settings(directory: &Path) -> Settings {
    let raised = Filter { phases: vec![Phase::Raised], ..Filter::default() };
    let lane = Filter { cameras: vec![id("lane")], ..Filter::default() };
    Settings {
        directory: directory.to_owned(),
        budget: 100_000_000,
        keep_sent: Duration::from_secs(7 * 86_400),
        keep_violations: Duration::from_secs(90 * 86_400),
        sinks: vec![
            (SINK.to_owned(), Filter::default()),
            ("raised".to_owned(), raised),
            ("lane".to_owned(), lane),
        ],
        urls: None,
        site: SiteId::new("lf-027").expect("an id"),
        timezone: TimeZone::UTC,
        bound: None,
    }
}

pub fn explanations(camera: &str) -> BTreeMap<RuleId, Explanation> {
    let explanation = Explanation {
        camera_labels: [("number".to_owned(), "7".to_owned())].into(),
        model_sha256: "ab".repeat(32),
        config_sha256: "cd".repeat(32),
    };
    [(rule(camera), explanation)].into()
}

fn rule(camera: &str) -> RuleId {
    RuleId::new(&id(camera), crate::domain::Kind::FireLaneParking, None)
}

/// The id of a camera's violation.
pub fn violation_id(camera: &str, number: u32) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{camera} {number}").as_bytes())
}

/// A camera's violation that has come to this phase at a step.
pub fn violation(camera: &str, number: u32, phase: Phase, step: i64) -> Violation {
    let moment = |step: i64| json!({ "media_s": step, "wall": wall(step), "file": null, "file_s": null });
    let raised = if phase == Phase::Warned { json!(null) } else { moment(step) };
    let ended = if phase == Phase::Ended { moment(step) } else { json!(null) };
    let record = json!({
        "id": violation_id(camera, number), "site": "lf-027", "camera": camera, "camera_name": "东侧消防车道",
        "rule": rule(camera), "kind": "fire_lane_parking", "phase": phase, "class": "car",
        "confidence": 0.79, "bbox": [0.95, 0.09, 1.0, 0.16], "wall_origin": "clock",
        "started": moment(0), "raised": raised, "ended": ended, "evidence": [],
    });
    serde_json::from_str(&record.to_string()).expect("a violation")
}

pub fn judgement(violations: Vec<Violation>, step: i64) -> Judgement {
    let when = |step: i64| When { at: MediaTime::from_micros(step), wall: wall(step), epoch: 0 };
    let finding = |violation: &Violation| Finding {
        phase: violation.phase,
        started: when(0),
        at: when(step),
        raised: None,
        class: violation.class,
        confidence: violation.confidence,
        bbox: violation.bbox,
        count: None,
        place: "here".to_owned(),
        last_seen: None,
        ended_unknown: false,
    };
    let findings = violations.iter().map(|violation| (0, finding(violation))).collect();
    Judgement { violations, findings, ..Judgement::default() }
}

/// What a camera knows at a step.
pub fn state(camera: &str, step: i64) -> Saved {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let text = "[site]\nid = \"lf-027\"\n[[camera]]\nid = \"c\"\nsource = \"a.mp4\"\n[[camera.rule]]\n\
                    kind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"60s\"\n";
        Config::parse(text, Path::new("/"), &|_| None).expect("a configuration")
    });
    let of = Camera { id: id(camera), ..config.cameras[0].clone() };
    let mut judge = Judge::begin(&config.site, &of, &config.detector, Beginning::First);
    judge.tick(When { at: MediaTime::from_micros(step), wall: wall(step), epoch: 0 });
    judge.save()
}

/// A step of a camera that changes these violations, by number.
pub fn step(ledger: &mut CameraLedger, camera: &str, changes: &[(u32, Phase)], step: i64) {
    let violations = changes.iter().map(|(number, phase)| violation(camera, *number, *phase, step)).collect();
    let facts = [Fact::Judged(judgement(violations, step))];
    commit(ledger, camera, &facts, step);
}

pub fn commit(ledger: &mut CameraLedger, camera: &str, facts: &[Fact], at: i64) {
    let state = || Some(state(camera, at));
    ledger.commit(&Step { camera: &id(camera), facts, state: &state }).expect("it is taken");
}

pub fn kept(camera: &str, number: u32, roles: &[EvidenceRole]) -> Kept {
    let violation = violation_id(camera, number);
    let entry = |role: &EvidenceRole| Entry {
        name: file(camera, number, *role),
        role: *role,
        violation,
        sha256: "ef".repeat(32),
        bytes: 7,
        first_s: MediaTime::ZERO,
        last_s: MediaTime::ZERO,
        source: Vec::new(),
        shortfalls: Vec::new(),
        coding: None,
        handling: crate::results::Handling::AsRecorded,
    };
    Kept { violation, entries: roles.iter().map(entry).collect(), missing: Vec::new() }
}

pub fn file(camera: &str, number: u32, role: EvidenceRole) -> String {
    format!("evidence/2026-11-24/{camera}-{number}-{role}")
}

pub fn lacks(camera: &str, number: u32, role: EvidenceRole) -> Kept {
    let missing = MissingEvidence { role, cause: MissingCause::NotFound, reason: "x".repeat(500) };
    Kept { violation: violation_id(camera, number), entries: Vec::new(), missing: vec![missing] }
}

/// The violation that an alert tells.
pub fn told(alert: &Alert) -> &Violation {
    match &alert.body {
        AlertBody::ViolationWarned(data)
        | AlertBody::ViolationRaised(data)
        | AlertBody::ViolationUpdated(data)
        | AlertBody::ViolationEnded(data) => &data.violation,
        _ => panic!("it tells of no violation"),
    }
}

/// An alert in short: its sequence, phase, and the roles of its files.
pub fn short(alert: &Alert) -> String {
    let Violation { phase, evidence, missing, .. } = told(alert);
    let mut text = format!("{} {}", alert.sequence.number, phase.name());
    for file in evidence {
        text += &format!(" +{}", file.role);
    }
    for missing in missing {
        text += &format!(" -{}", missing.role);
    }
    text
}

pub fn shorts(alerts: &[Alert]) -> Vec<String> {
    alerts.iter().map(short).collect()
}
