//! A clip that FFmpeg makes is played to a keeper as a camera would send it, and what is kept is compared with what is kept of
//! the same recording.

mod clips;
mod days;
mod limits;
mod masks;
mod stills;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Asked, Evidence, Keeper, Kept, Settings, bare_summary};
use crate::{
    clock::Manual,
    config::Config,
    domain::{
        CameraId, Class, Detection, EvidenceRole, MediaTime, Moment, Observation, Phase, Record, RuleId,
        Violation, WallOrigin, When, testing::scene,
    },
    evidence::clip_tests::at,
    geometry::BBox,
    judge::{CandidateOf, Judgement},
    libav::testing::*,
    results::Entry,
    rules::{Candidate, CandidatePhase},
    source::{Gop, Options, Part, Portion, Recording},
};

/// Usual times are ten times shorter at least.
const LONG: Duration = Duration::from_secs(100);

const CAR: BBox = BBox { left: 0.3, top: 0.3, right: 0.6, bottom: 0.7 };

/// Evidence of one camera, and what is told of it.
struct Stage {
    clips: Clips,
    root: PathBuf,
    clock: Arc<Manual>,
    config: Config,
    told: Arc<(Mutex<Vec<Kept>>, Condvar)>,
    /// What others say, when they are asked.
    violations: Arc<Mutex<Vec<Violation>>>,
    needed: Arc<Mutex<BTreeSet<String>>>,
    began: Timestamp,
    ring: usize,
    /// While a test holds it, whoever is told waits.
    gate: Arc<Mutex<()>>,
    /// Whoever is told next fails.
    fails: Arc<AtomicBool>,
}

impl Stage {
    /// With these keys of the camera, and these of `[evidence]`, beginning at this time.
    fn new(camera: &str, evidence: &str, began: &str) -> Self {
        let text = format!(
            "[site]\nid = \"s\"\ntimezone = \"Asia/Shanghai\"\n[evidence]\n{evidence}\n[[camera]]\nid = \"lane\"\n\
             source = \"rtsp://viewer:secret@10.2.0.31/stream1\"\n{camera}\n[[camera.rule]]\n\
             kind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"60s\"\n"
        );
        let clips = Clips::new();
        let mut config = Config::parse(&text, Path::new("."), &|_| None).expect("sound");
        config.evidence.directory = clips.path("evidence");
        let began: Timestamp = began.parse().expect("a time");
        Self {
            root: config.evidence.directory.clone(),
            clips,
            clock: Arc::new(Manual::at(began)),
            config,
            told: Arc::default(),
            violations: Arc::default(),
            needed: Arc::default(),
            began,
            ring: 64 << 20,
            gate: Arc::default(),
            fails: Arc::default(),
        }
    }

    fn start(&self) -> Evidence {
        let (violations, needed) = (Arc::clone(&self.violations), Arc::clone(&self.needed));
        let config = self.config.clone();
        let asked = Asked {
            violations: Box::new(move |_, _| Some(violations.lock().expect("sound").clone())),
            summary: Box::new(move |_, _| bare_summary(&config, Vec::new())),
            is_needed: Box::new(move |name| needed.lock().expect("sound").contains(name)),
        };
        let clock: Arc<Manual> = Arc::clone(&self.clock);
        let settings = Settings::new(&self.config, self.ring, clock, asked);
        let (told, gate, fails) = (Arc::clone(&self.told), Arc::clone(&self.gate), Arc::clone(&self.fails));
        Evidence::start(settings, move |kept| {
            drop(gate.lock());
            assert!(!fails.swap(false, Relaxed), "as a test wants it");
            told.0.lock().expect("sound").push(kept);
            told.1.notify_all();
        })
        .expect("threads")
    }

    fn keeper(&self, evidence: &Evidence) -> Keeper {
        evidence.keeper(&self.config, &self.config.cameras[0])
    }

    /// What a camera sends: the recording's parts, without its name.
    fn parts(&self, recording: &Path) -> Vec<Part> {
        let options = Options { start: Some(self.began), ..Options::default() };
        let camera = CameraId::new("lane").expect("an id");
        let nameless = |part| match part {
            Part::Epoch { mut epoch, stream } => {
                epoch.file = None;
                Part::Epoch { epoch, stream }
            }
            part => part,
        };
        Recording::open(camera, vec![recording.to_owned()], options).map(nameless).collect()
    }

    fn wall(&self, seconds: f64) -> Timestamp {
        self.began + SignedDuration::from_micros((seconds * 1e6).round() as i64)
    }

    fn moment(&self, seconds: f64) -> Moment {
        Moment { media_s: at(seconds), wall: self.wall(seconds), file: None, file_s: None }
    }

    fn violation(&self, number: u128, started: f64, raised: f64) -> Violation {
        let camera = &self.config.cameras[0];
        let rule = &camera.rules[0];
        Violation {
            id: Uuid::from_u128(number),
            site: self.config.site.id.clone(),
            camera: camera.id.clone(),
            camera_name: camera.name.clone(),
            rule: RuleId::new(&camera.id, rule.kind(), None),
            kind: rule.kind(),
            phase: Phase::Raised,
            class: Some(Class::Car),
            confidence: Some(0.8),
            bbox: Some(CAR),
            count: None,
            wall_origin: WallOrigin::Clock,
            started: self.moment(started),
            raised: Some(self.moment(raised)),
            ended: None,
            last_seen: None,
            ended_unknown: false,
            evidence: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn ended(&self, violation: &Violation, ended: f64) -> Violation {
        Violation { phase: Phase::Ended, ended: Some(self.moment(ended)), ..violation.clone() }
    }

    fn warned(&self, violation: &Violation) -> Violation {
        Violation { phase: Phase::Warned, raised: None, ..violation.clone() }
    }

    /// A look that found the car.
    fn look(&self, seconds: f64) -> Record {
        Record::Observation(Observation {
            camera: CameraId::new("lane").expect("an id"),
            epoch: 0,
            at: at(seconds),
            wall: self.wall(seconds),
            looked: Vec::new(),
            detections: vec![Detection {
                class: Class::Car,
                confidence: 0.8,
                bbox: CAR,
                appearance: None,
                model: None,
            }],
            faint: Vec::new(),
            scene: scene(),
            changes: Vec::new(),
        })
    }

    fn candidate(&self, violation: &Violation, phase: CandidatePhase) -> Judgement {
        let Moment { media_s, wall, .. } = violation.started;
        let candidate = Candidate {
            phase,
            started: When { at: media_s, wall, epoch: 0 },
            place: String::new(),
            class: violation.class,
            bbox: violation.bbox,
        };
        let of = CandidateOf { rule: 0, violation: violation.id, candidate };
        Judgement { candidates: vec![of], ..Judgement::default() }
    }

    /// Waits until this was told.
    fn wait(&self, what: &str, is_there: impl Fn(&[Kept]) -> bool) -> Vec<Kept> {
        let told = self.told.0.lock().expect("sound");
        let (told, waited) =
            self.told.1.wait_timeout_while(told, LONG, |told| !is_there(told)).expect("sound");
        assert!(!waited.timed_out(), "{what} did not come: {told:#?}");
        told.clone()
    }

    /// Waits until this file of a violation was told.
    fn wait_for(&self, violation: &Violation, role: EvidenceRole) -> Entry {
        let find = |told: &[Kept]| {
            let own = told.iter().filter(|kept| kept.violation == violation.id);
            own.flat_map(|kept| kept.entries.clone()).rfind(|entry| entry.role == role)
        };
        find(&self.wait(&format!("{role} of {}", violation.id), |told| find(told).is_some()))
            .expect("just seen")
    }

    /// Where a file lies that was told.
    fn file(&self, entry: &Entry) -> PathBuf {
        let path = self.root.join(entry.name.strip_prefix("evidence/").expect("below evidence"));
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!((bytes.len() as u64, crate::files::sha256(&bytes)), (entry.bytes, entry.sha256.clone()));
        path
    }
}

/// Waits for something that nobody tells.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn judged(violations: Vec<Violation>) -> Judgement {
    Judgement { violations, ..Judgement::default() }
}

/// A group as a camera sends it: as far as it is known again and again, then whole.
fn growing(part: &Part) -> Vec<Part> {
    let Part::Gop(gop) = part else { return vec![part.clone()] };
    let mut parts: Vec<Part> =
        (1..gop.packets.len()).map(|count| Part::Growing(Arc::new(first_of(gop, count)))).collect();
    parts.push(part.clone());
    parts
}

/// So many packets of a group: pictures that are shown before those that follow are there.
fn first_of(gop: &Gop, count: usize) -> Gop {
    let (packets, rest) = gop.packets.split_at(count);
    let end = rest.iter().filter_map(|packet| packet.pts).min().map_or(gop.end, MediaTime::from_micros);
    Gop { packets: packets.to_vec(), end, portion: Portion::growing(gop.continues()), ..gop.clone() }
}

/// Gives a keeper all parts up to a time, as a camera sends them; what follows is given back.
fn play(keeper: &mut Keeper, parts: Vec<Part>, to: f64) -> Vec<Part> {
    let all: Vec<Part> = parts.iter().flat_map(growing).collect();
    let is_later = |part: &Part| matches!(part, Part::Gop(gop) | Part::Growing(gop) if gop.end > at(to));
    let place = all.iter().position(is_later).unwrap_or(all.len());
    // The one that holds the time comes, too.
    let (now, later) = all.split_at((place + 1).min(all.len()));
    now.iter().for_each(|part| keeper.part(part));
    later.to_vec()
}

fn play_on(keeper: &mut Keeper, parts: &[Part]) {
    parts.iter().for_each(|part| keeper.part(part));
}
