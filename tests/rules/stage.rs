//! Plays a scene to one configured rule and keeps what it finds.

use std::{collections::BTreeMap, path::Path, time::Duration};

use firewarden::{
    config::{Camera, Hours, RuleConfig, Schedule, Site, SourceAddress},
    domain::{
        Attention, Class, Detection, MediaTime, Observation, Phase, Record, Scene as SceneState, SiteId,
        Violation, When,
    },
    geometry::{BBox, Polygon},
    judge::{Judge, Judgement},
    kinds::settings::{ControlRoomUnattended, EbikeInElevator, FireLaneParking, Settings},
    rules::{Candidate, Finding},
};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::scene::{Pace, Scene, camera, detector, wall};

/// The judge of a camera with one rule.
pub struct Stage {
    pub judge: Judge,
    pub findings: Vec<Finding>,
    pub candidates: Vec<Candidate>,
    /// Times of the looks taken, in seconds.
    pub looks: Vec<f64>,
    /// As last known; what was only warned about is not among them.
    violations: BTreeMap<Uuid, Violation>,
}

impl Stage {
    pub fn new(config: RuleConfig) -> Self {
        let judge = judge(vec![config]);
        Self {
            judge,
            findings: Vec::new(),
            candidates: Vec::new(),
            looks: Vec::new(),
            violations: BTreeMap::new(),
        }
    }

    pub fn take(&mut self, record: &Record) -> Option<Attention> {
        if let Record::Observation(observation) = record {
            self.looks.push(observation.at.as_secs_f64());
        }
        let judgement = self.judge.take(record);
        self.note(judgement).into_iter().map(|(_, attention)| attention).next()
    }

    /// Time passes up to `at` seconds.
    pub fn tick(&mut self, at: f64) {
        let at = MediaTime::from_secs_f64(at);
        let judgement = self.judge.tick(When { at, wall: wall(at), epoch: 0 });
        self.note(judgement);
    }

    fn note(&mut self, judgement: Judgement) -> Vec<(usize, Attention)> {
        self.keep(judgement.violations, &judgement.findings);
        self.findings.extend(judgement.findings.into_iter().map(|(_, finding)| finding));
        self.candidates.extend(judgement.candidates.into_iter().map(|of| of.candidate));
        judgement.attention
    }

    pub fn play(config: RuleConfig, scene: &Scene, pace: Pace) -> Self {
        let mut stage = Self::new(config);
        scene.play(pace, |record| stage.take(record));
        stage
    }

    /// The recording is over.
    pub fn stop(&mut self) {
        let judgement = self.judge.stop();
        self.keep(judgement.violations, &judgement.findings);
        self.candidates.extend(judgement.candidates.into_iter().map(|of| of.candidate));
    }

    fn keep(&mut self, violations: Vec<Violation>, findings: &[(usize, Finding)]) {
        for (violation, (_, finding)) in violations.into_iter().zip(findings) {
            if finding.raised.is_some() {
                self.violations.insert(violation.id, violation);
            }
        }
    }

    /// Sorted by start and id.
    pub fn violations(&self) -> Vec<Violation> {
        let mut violations: Vec<Violation> = self.violations.values().cloned().collect();
        violations.sort_by_key(|violation| violation.started.media_s);
        violations
    }

    /// Start, raise and end of every violation, in seconds.
    pub fn times(&self) -> Vec<(f64, f64, Option<f64>)> {
        let times = |v: &Violation| {
            let ended = v.ended.as_ref().map(|m| m.media_s.as_secs_f64());
            let raised = v.raised.as_ref().expect("what was only warned about is not kept");
            (v.started.media_s.as_secs_f64(), raised.media_s.as_secs_f64(), ended)
        };
        self.violations().iter().map(times).collect()
    }

    /// The first look taken at or after `t`.
    pub fn first_look(&self, t: f64) -> f64 {
        self.looks.iter().copied().find(|look| *look >= t - 1e-6).unwrap_or(f64::INFINITY)
    }

    pub fn phases(&self) -> Vec<Phase> {
        self.findings.iter().map(|f| f.phase).collect()
    }
}

/// The judge of a camera with these rules.
pub fn judge(rules: Vec<RuleConfig>) -> Judge {
    Judge::new(&site(), &camera_with(rules), &detector())
}

pub fn site() -> Site {
    Site {
        id: SiteId::new("lf-027").expect("an id"),
        name: "鸿坤理想城".to_owned(),
        timezone: TimeZone::get("Asia/Shanghai").expect("a known zone"),
    }
}

/// The camera of every scene, with these rules.
pub fn camera_with(rules: Vec<RuleConfig>) -> Camera {
    Camera {
        playing: firewarden::config::Playing::Once,
        id: camera(),
        name: "1号楼东侧消防车道".to_owned(),
        labels: BTreeMap::new(),
        source: SourceAddress::new("rtsp://camera/stream1".to_owned(), Path::new("")),
        rate: None,
        region: BBox::WHOLE,
        pixel_aspect: None,
        mask: Vec::new(),
        rules,
    }
}

/// The state of a clear picture in which a little moves.
pub fn clear() -> SceneState {
    SceneState {
        brightness: 0.5,
        contrast: 0.2,
        sharpness: 0.03,
        changed: Some(0.01),
        changed_in: None,
        identical: Some(0.5),
        moved: None,
    }
}

/// A clear look at `at` seconds that shows these things, each with its box.
pub fn look(at: f64, things: &[(Class, [f32; 4])]) -> Observation {
    let at = MediaTime::from_secs_f64(at);
    let detection = |(class, bbox): &(Class, [f32; 4])| Detection {
        class: *class,
        confidence: 0.9,
        bbox: BBox::from(*bbox),
        appearance: None,
        model: None,
    };
    Observation {
        camera: camera(),
        epoch: 0,
        at,
        wall: wall(at),
        looked: vec![detector()],
        detections: things.iter().map(detection).collect(),
        faint: Vec::new(),
        scene: clear(),
        changes: Vec::new(),
    }
}

/// A rule that always holds.
pub fn rule(settings: Settings) -> RuleConfig {
    RuleConfig { name: None, schedule: Schedule::default(), every: None, model: None, settings }
}

pub fn during(mut config: RuleConfig, span: &str) -> RuleConfig {
    config.schedule = Schedule::new(vec![Hours::parse(span).expect("a span")]);
    config
}

fn seconds(s: f64) -> Duration {
    Duration::from_secs_f64(s)
}

pub fn polygon(points: &[[f32; 2]]) -> Polygon {
    Polygon::try_from(points.to_vec()).expect("a zone")
}

/// The lower half of the picture is a fire lane.
pub fn fire_lane(dwell: f64) -> FireLaneParking {
    FireLaneParking {
        zone: polygon(&[[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]),
        dwell: seconds(dwell),
        occlusion: seconds(10.0),
        warn_after: None,
        classes: vec![Class::Car, Class::Bus, Class::Truck],
        update_every: None,
    }
}

pub fn lane(dwell: f64) -> RuleConfig {
    rule(Settings::FireLaneParking(fire_lane(dwell)))
}

/// The whole picture is a post.
pub fn control_room(required: u32, grace: f64) -> ControlRoomUnattended {
    ControlRoomUnattended {
        zone: Polygon::whole_picture(),
        required,
        grace: seconds(grace),
        warn_after: None,
        classes: vec![Class::Person],
        update_every: None,
    }
}

pub fn post(required: u32, grace: f64) -> RuleConfig {
    rule(Settings::ControlRoomUnattended(control_room(required, grace)))
}

pub fn elevator() -> RuleConfig {
    rule(Settings::EbikeInElevator(EbikeInElevator {
        floor: polygon(&[[0.0, 0.4], [1.0, 0.4], [1.0, 1.0], [0.0, 1.0]]),
        confidence: 0.35,
        confirm: seconds(1.0),
        rearm: seconds(30.0),
        classes: vec![Class::Ebike],
        update_every: None,
    }))
}
