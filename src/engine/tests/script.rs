//! A camera with made-up groups, and workers that see what is written down.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    config::Config,
    detect::{DetectError, View},
    domain::{CameraId, Class, Detection, Epoch, Gap, GapReason, MediaTime, ModelName, Scene, WallOrigin},
    engine::{
        Action, Answer, Camera, Done, Event, Job, Looking, PipelineError, Regions, Ticket, WhenFull, Work,
        eye::{Anchor, Find, Found, Sight, Way, largest_view},
    },
    geometry::BBox,
    judge::{Judge, Judgement, Saved},
    libav::{Colour, Matrix, Packet, Plane, Yuv, testing::packet},
    looks::plan::ROUNDING,
    rules::Beginning,
    source::{Gop, Part, Portion},
    vision::{Halves, SMALL, SceneState, Signature},
};

pub fn id() -> CameraId {
    CameraId::new("c").expect("an id")
}

pub fn micros(time: i64) -> MediaTime {
    MediaTime::from_micros(time)
}

/// One group: so many pictures, and how it comes.
#[derive(Debug, Clone)]
pub struct Group {
    pub pictures: u32,
    /// Whether the next one goes on from its decoder.
    pub continued: bool,
    /// Before it, nothing was recorded for so many seconds.
    pub hole: u8,
    /// A file begins with it.
    pub begins: bool,
}

/// What there is to see, and what goes wrong.
#[derive(Debug, Clone)]
pub struct Script {
    pub groups: Vec<Group>,
    /// Between two pictures, in microseconds.
    pub step: i64,
    /// Pictures, by their number, that cannot be decoded, and at which a model fails.
    pub damaged: BTreeSet<u32>,
    pub failing: BTreeSet<u32>,
    /// From which picture on there is a car, and an e-bike.
    pub car: u32,
    pub ebike: u32,
    /// Whether groups are told of while they grow.
    pub grows: bool,
    /// The strand whose model always fails.
    pub broken: Option<usize>,
    /// In place of the car that is always found: one at the right, so high, which is found where no more of the picture's width than
    /// this is shown as large; its confidence tells how much was.
    pub sized: Option<(f32, f32)>,
}

/// What a strand is shown at a look.
fn shown(job: &Job, strand: usize, time: MediaTime) -> View {
    let spec = &job.strands[strand];
    match job.largest.get(&time) {
        Some(strands) if strands.contains(strand) => largest_view(&spec.view, &spec.whole),
        _ => spec.view,
    }
}

impl Script {
    /// So many groups of so many pictures, so many microseconds apart: a car stands in them from the first on, and nothing goes wrong.
    pub fn plain(groups: usize, pictures: u32, step: i64) -> Self {
        let group = Group { pictures, continued: false, hole: 0, begins: false };
        Self {
            groups: vec![group; groups],
            step,
            damaged: [].into(),
            failing: [].into(),
            car: 0,
            ebike: 1_000,
            grows: false,
            broken: None,
            sized: None,
        }
    }

    /// Parts in the order of the source.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let (mut now, mut epoch, mut continues) = (0, 0, false);
        for (n, group) in self.groups.iter().enumerate() {
            let begins = n == 0 || group.begins;
            if group.hole > 0 && n > 0 && !continues {
                let to = now + i64::from(group.hole) * 1_000_000;
                let gap =
                    Gap { camera: id(), epoch, from: micros(now), to: None, reason: GapReason::Offline };
                parts.push(Part::GapOpened(gap.clone()));
                parts.push(Part::GapClosed(Gap { to: Some(micros(to)), ..gap }));
                now = to;
            }
            if begins && !continues {
                epoch = n as u32;
                let stream = std::sync::Arc::clone(packet(None, None, 0, true).stream());
                parts.push(Part::Epoch { epoch: self.epoch(epoch, now), stream });
            }
            let end = now + i64::from(group.pictures) * self.step;
            let packets: Vec<Packet> = (0..group.pictures)
                .map(|k| packet(Some(now + i64::from(k) * self.step), None, self.step, k == 0))
                .collect();
            let continued = group.continued && n + 1 < self.groups.len();
            let clock = (MediaTime::ZERO, jiff::Timestamp::UNIX_EPOCH);
            let stream = std::sync::Arc::clone(packets[0].stream());
            let whole = Gop {
                camera: id(),
                epoch,
                stream,
                packets,
                start: micros(now),
                end: micros(end),
                portion: Portion::of_chunk(continues, continued),
                clock,
            };
            if self.grows && !continues && !continued {
                for known in (3..group.pictures).step_by(3) {
                    let packets = whole.packets[..known as usize].to_vec();
                    let end = micros(now + i64::from(known - 1) * self.step);
                    let gop = Gop { packets, end, portion: Portion::Growing, ..whole.clone() };
                    parts.push(Part::Growing(gop.into()));
                }
            }
            parts.push(Part::Gop(whole.into()));
            (now, continues) = (end, continued);
        }
        parts
    }

    fn epoch(&self, epoch: u32, from: i64) -> Epoch {
        Epoch {
            camera: id(),
            epoch,
            from: micros(from),
            zero: None,
            wall: jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_micros(from),
            wall_origin: WallOrigin::FileName,
            file: Some(format!("{epoch}.mp4")),
            codec: "h264".to_owned(),
            width: 64,
            height: 48,
            regions: BTreeMap::new(),
        }
    }

    /// What workers answer. It depends on the job alone.
    pub fn answer(&self, job: &Job) -> Answer {
        let mut done = Done::default();
        if matches!(job.work, Work::Decode) {
            return Ok(done);
        }
        let mut standing = job.standing.as_ref().map(|standing| standing.anchors.clone()).unwrap_or_default();
        let (start, gop) = (job.gop.start, &job.gop);
        let times = || gop.packets.iter().filter_map(|packet| packet.pts).map(micros);
        for (time, wanted) in &job.wanted {
            let next = times().filter(|at| *at >= start && *at + ROUNDING >= *time).min();
            let Some(at) = next.or_else(|| times().max().filter(|_| !gop.grows())) else { continue };
            let number = u32::try_from(at.as_micros() / self.step).expect("small");
            if self.damaged.contains(&number) {
                continue;
            }
            done.shown.insert(*time, at);
            if self.failing.contains(&number) || self.broken.is_some_and(|strand| wanted.contains(strand)) {
                done.failed.insert(at, PipelineError::Detect(DetectError::NoRuntime { looked: Vec::new() }));
                continue;
            }
            let due = job.standing.as_ref().and_then(|standing| standing.must.get(time));
            let mut sight = self.sight(at, number);
            for strand in wanted.iter() {
                let may_stand = due.is_some_and(|due| due.contains(strand));
                let way = if may_stand { Way::Due } else { Way::Asked };
                let known = done.sights.get(&at).is_some_and(|sight| sight.strands(way).contains(strand));
                if known {
                    continue;
                }
                let view = shown(job, strand, *time);
                let within = view.within.width();
                let mut found = Found::New(self.detections(strand, number, within));
                if may_stand {
                    standing.resize(standing.len().max(strand + 1), None);
                    let max_age = job.standing.as_ref().map(|s| s.max_age).unwrap_or_default();
                    match &standing[strand] {
                        Some(anchor)
                            if at.since(anchor.at) < max_age
                                && anchor.within <= within
                                && number % 4 != 0 =>
                        {
                            found = Found::Same;
                        }
                        _ => standing[strand] = Some(Anchor::default_at(at, within)),
                    }
                }
                sight.finds.push(Find { strand, way, rows: 256.0, found });
            }
            match done.sights.get_mut(&at) {
                Some(known) => known.add(sight),
                None => {
                    done.sights.insert(at, sight);
                }
            }
        }
        done.anchors = standing;
        Ok(done)
    }

    /// A picture in which something is elsewhere each time. After 24 of them they come again.
    fn sight(&self, at: MediaTime, number: u32) -> Sight {
        thread_local! {
            static MADE: RefCell<BTreeMap<u32, (Scene, Signature)>> = const { RefCell::new(BTreeMap::new()) };
        }
        let made = || Self::picture(number);
        let (scene, signature) =
            MADE.with_borrow_mut(|known| known.entry(number % 24).or_insert_with(made).clone());
        Sight { at, size: (64, 48), scene, signature, finds: Vec::new() }
    }

    fn picture(number: u32) -> (Scene, Signature) {
        let (width, height) = (160, 96);
        let light = |x: usize, y: usize| {
            let there = x / 20 == number as usize % 8 && y / 24 == 1;
            if there { 250 } else { ((x * 7 + y * 3 + number as usize % 3) % 200) as u8 }
        };
        let samples: Vec<u8> =
            (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| light(x, y)).collect();
        let luma = Plane::new(&samples, width, height, width).expect("a plane");
        let colour = Colour { matrix: Matrix::Bt601, full_range: true };
        let mut halves = Halves::default();
        let picture = halves.picture(Yuv { luma, chroma: None, colour }, SMALL);
        SceneState::default().of(&picture)
    }

    fn detections(&self, strand: usize, number: u32, within: f32) -> Vec<Detection> {
        let found = |class, bbox: [f32; 4], wobble: u32| Detection {
            class,
            confidence: if self.sized.is_some() {
                1.0 - within / 10.0
            } else {
                0.6 + (number % wobble) as f32 / 100.0
            },
            bbox: BBox::from(bbox),
            appearance: None,
            model: None,
        };
        let car = match self.sized {
            None => (number >= self.car).then(|| found(Class::Car, [0.3, 0.3, 0.6, 0.6], 7)),
            Some((height, sees)) => (number >= self.car && within <= sees)
                .then(|| found(Class::Car, [0.7, 0.3 - height, 0.8, 0.3], 7)),
        };
        let bike = (number >= self.ebike && number % 40 < 25)
            .then(|| found(Class::Ebike, [0.4, 0.4, 0.6, 0.9], 5))
            .filter(|_| strand == 1);
        // Of what is hardly seen, too little for the rule to be told of alone.
        let trace = Detection { confidence: 0.05, ..found(Class::Ebike, [0.1, 0.4, 0.3, 0.9], 5) };
        let trace =
            (number >= self.ebike && number.is_multiple_of(3)).then_some(trace).filter(|_| strand == 1);
        car.into_iter().filter(|_| strand == 0).chain(bike).chain(trace).collect()
    }
}

fn config(rules: &str) -> Config {
    let keys = format!(
        "[site]\nid = \"s\"\n[detector]\nmodel = \"general\"\n[[camera]]\nid = \"c\"\nsource = \"clip\"\n{rules}"
    );
    Config::parse(&keys, std::path::Path::new("."), &|_| None).expect("sound")
}

/// A camera with a lane and an elevator, each with a model of its own: two strands.
pub fn camera(when_full: WhenFull, window: usize, rules: &str) -> Camera {
    let config = config(rules);
    let judge = Judge::begin(&config.site, &config.cameras[0], &config.detector, Beginning::First);
    with_judge(judge, when_full, window, Regions::Whole)
}

/// A camera that shows its detectors what zones need alone.
pub fn camera_by_parts(window: usize, rules: &str) -> Camera {
    let config = config(rules);
    let judge = Judge::begin(&config.site, &config.cameras[0], &config.detector, Beginning::First);
    with_judge(judge, WhenFull::Block, window, Regions::Needed)
}

/// One that goes on from what was saved, of which nothing may be lost.
pub fn resumed(when_full: WhenFull, window: usize, rules: &str, saved: &[u8]) -> Camera {
    let config = config(rules);
    let saved = Saved::read(saved, &config.site.id, &id()).expect("just saved");
    let (judge, restored) = Judge::restore(&config.site, &config.cameras[0], &config.detector, saved);
    assert_eq!(restored.dropped, []);
    with_judge(judge, when_full, window, Regions::Whole).resume(restored.looks)
}

fn with_judge(judge: Judge, when_full: WhenFull, window: usize, regions: Regions) -> Camera {
    let names: Vec<ModelName> = judge.detectors().map(|(name, _)| name.clone()).collect();
    let max_age = Some(std::time::Duration::from_secs(3));
    let looking = Looking { region: BBox::WHOLE, regions, max_age };
    Camera::new(id(), judge, &names, looking, when_full, window)
}

pub const TWO_RULES: &str = "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\n\
                             dwell = \"5s\"\nevery = \"1s\"\n\
                             [[camera.rule]]\nkind = \"ebike_in_elevator\"\nmodel = \"own\"\n";

/// What a camera told, in its order.
pub type Told = Vec<String>;

/// Drives a camera to its end. `choose` says, of how many things that may happen next, which does: the next part comes first
/// where the camera wants one, then the answers to the jobs that are out, the oldest first.
pub fn drive(
    mut camera: Camera,
    parts: Vec<Part>,
    script: &Script,
    mut choose: impl FnMut(usize) -> usize,
) -> Told {
    let mut told = Told::new();
    let mut parts = parts.into_iter();
    let mut out: Vec<(Ticket, Answer)> = Vec::new();
    let mut actions = Vec::new();
    let mut over = false;
    for _ in 0..1_000_000 {
        if camera.is_done() {
            camera.finish(&mut actions);
            tell(&mut actions, &mut told, &mut out, script);
            return told;
        }
        let wants = camera.wants_part() && !over;
        let most = out.len() + usize::from(wants);
        assert!(most > 0, "it waits for nothing");
        let chosen = choose(most).min(most - 1);
        let event = if wants && chosen == 0 {
            match parts.next() {
                Some(part) => Event::Part(part),
                None => {
                    over = true;
                    Event::Over
                }
            }
        } else {
            let (ticket, answer) = out.remove(chosen - usize::from(wants));
            Event::Looked(ticket, answer)
        };
        camera.take(event, &mut actions);
        tell(&mut actions, &mut told, &mut out, script);
    }
    panic!("it comes to no end");
}

pub fn tell(actions: &mut Vec<Action>, told: &mut Told, out: &mut Vec<(Ticket, Answer)>, script: &Script) {
    for action in actions.drain(..) {
        match action {
            Action::Look(ticket, job) => out.push((ticket, script.answer(&job))),
            Action::Tell(record, judgement) => {
                told.push(serde_json::to_string(&record).expect("a record"));
                told.extend(violations(&judgement));
            }
            Action::Judged(judgement) => told.extend(violations(&judgement)),
            Action::Missed(_) => told.push("missed".to_owned()),
            // How far it has come is told in other steps where a group grows.
            Action::Reached(..) => {}
            Action::Notice(notice) => told.push(format!("{notice:?}")),
            Action::Failed(error) => told.push(format!("failed: {error}")),
        }
    }
}

fn violations(judgement: &Judgement) -> impl Iterator<Item = String> {
    judgement.violations.iter().map(|violation| serde_json::to_string(violation).expect("a violation"))
}
