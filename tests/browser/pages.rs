//! Reports to be looked at: made by the library from records made up for it.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use firewarden::{
    config::{Config, Provider},
    domain::{
        CameraId, Class, Count, Epoch, EvidenceFile, EvidenceRole, Gap, GapReason, Kind, MediaTime,
        MissingCause, MissingEvidence, Moment, Notice, Noticed, Observation, Phase, Record, RuleId, Scene,
        Violation, WallOrigin,
    },
    geometry::BBox,
    judge::Watched,
    report::{self, Report},
    results::{CameraSummary, Failure, FailureOf, ModelFact, Outcome, Run, SourceFact, Summary},
    rules::Presence,
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Names that would do harm in a page that took them for HTML, and that are hard to lay out.
pub const NASTY: [&str; 6] = [
    "<script>document.title='harmed'</script>\"'&amp;",
    "\u{202e}gnihtemos 消防控制室 \u{200f}غرفة التحكم",
    "一个非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常非常长的摄像机名称没有任何可以换行的空格",
    "AVeryLongNameWithoutASingleSpaceInItThatDoesNotFitIntoAnyColumnOfAnyTableOnAnyScreenWhateverItsWidthMayBeAtAll",
    "=cmd|'/c calc'!A1",
    "</title><img src=x onerror=alert(1)>",
];

/// What a report is to show.
pub struct Wanted {
    pub cameras: usize,
    pub violations: usize,
    pub seconds: u32,
    /// Width of a still in pixels.
    pub still: u32,
}

fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

fn wall(seconds: f64) -> Timestamp {
    let start: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
    start + SignedDuration::from_millis((seconds * 1e3) as i64)
}

fn rule(camera: usize) -> (Kind, &'static str) {
    match camera % 3 {
        0 => (
            Kind::FireLaneParking,
            "kind = \"fire_lane_parking\"\nzone = [[0.1,0.1],[0.9,0.1],[0.9,0.9],[0.1,0.9]]\ndwell = \"60s\"\nwarn_after = \"40s\"\nschedule = [\"mon-fri 20:00-08:00\", \"sat,sun 00:00-24:00\"]\n",
        ),
        1 => (
            Kind::ControlRoomUnattended,
            "kind = \"control_room_unattended\"\nrequired = 2\ngrace = \"3m\"\n",
        ),
        _ => (
            Kind::EbikeInElevator,
            "kind = \"ebike_in_elevator\"\nfloor = [[0.1,0.5],[0.9,0.5],[1,1],[0,1]]\n",
        ),
    }
}

fn name(camera: usize) -> String {
    NASTY.get(camera).map_or_else(|| format!("{camera}号楼消防车道"), |nasty| (*nasty).to_owned())
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

fn configuration(wanted: &Wanted) -> Config {
    let mut text =
        format!("[site]\nid = \"lf-027\"\nname = {}\ntimezone = \"Asia/Shanghai\"\n", quoted(NASTY[2]));
    for camera in 0..wanted.cameras {
        let (_, rule) = rule(camera);
        text += &format!(
            "[[camera]]\nid = \"c{camera}\"\nname = {}\nlabels = {{ gb28181 = \"13100000001320000003\", place = {} }}\nsource = \"x.mp4\"\n[[camera.rule]]\n{rule}",
            quoted(&name(camera)),
            quoted(NASTY[camera % NASTY.len()]),
        );
    }
    Config::parse(&text, Path::new("."), &|_| None).expect("a sound configuration")
}

fn moment(seconds: f64) -> Moment {
    Moment {
        media_s: at(seconds),
        wall: wall(seconds),
        file: Some(NASTY[0].to_owned() + ".mp4"),
        file_s: Some(at(seconds)),
    }
}

fn violation(number: usize, wanted: &Wanted) -> Violation {
    let camera = number % wanted.cameras;
    let (kind, _) = rule(camera);
    let id = CameraId::new(&format!("c{camera}")).expect("an id");
    let start = f64::from(wanted.seconds) * 0.9 * (number as f64 / wanted.violations.max(1) as f64);
    let post = kind == Kind::ControlRoomUnattended;
    let over = number % 4 != 3;
    let uuid = Uuid::from_u128(number as u128 + 1);
    let roles = [EvidenceRole::Started, EvidenceRole::Raised, EvidenceRole::Ended];
    let stem = |role: EvidenceRole| format!("evidence/c{camera}_{kind}_20261124T120000Z_{uuid}_{role}");
    let file = |role: EvidenceRole, extension: &str| EvidenceFile {
        name: format!("{}.{extension}", stem(role)),
        role,
        sha256: "0".repeat(64),
        bytes: 50_000,
        url: None,
    };
    let mut evidence: Vec<EvidenceFile> =
        roles.into_iter().take(if over { 3 } else { 2 }).map(|role| file(role, "jpg")).collect();
    evidence.push(file(EvidenceRole::Clip, if number.is_multiple_of(2) { "mp4" } else { "mkv" }));
    Violation {
        id: uuid,
        site: firewarden::domain::SiteId::new("lf-027").expect("an id"),
        rule: RuleId::new(&id, kind, None),
        camera: id,
        camera_name: name(camera),
        kind,
        phase: if over { Phase::Ended } else { Phase::Raised },
        class: (!post).then_some(if kind == Kind::EbikeInElevator { Class::Ebike } else { Class::Truck }),
        confidence: (!post).then_some(0.79),
        bbox: (!post).then_some(BBox::new(0.2, 0.2, 0.5, 0.6)),
        count: post.then_some(Count { seen: 1, required: 2 }),
        wall_origin: WallOrigin::FileName,
        started: moment(start),
        raised: Some(moment(start + 5.0)),
        ended: over.then(|| moment(start + 30.0)),
        last_seen: None,
        ended_unknown: number % 8 == 1,
        evidence,
        missing: if number.is_multiple_of(10) {
            vec![MissingEvidence {
                role: EvidenceRole::Clip,
                cause: MissingCause::NotWritten,
                reason: format!("{} cannot be written. Is the disk full?", NASTY[3]),
            }]
        } else {
            Vec::new()
        },
    }
}

fn outcome(camera: usize, wanted: &Wanted) -> Outcome {
    let id = CameraId::new(&format!("c{camera}")).expect("an id");
    let mut outcome = Outcome { until: at(f64::from(wanted.seconds)), ..Outcome::default() };
    let epoch = Record::Epoch(Epoch {
        camera: id.clone(),
        epoch: 0,
        from: at(0.0),
        zero: None,
        wall: wall(0.0),
        wall_origin: WallOrigin::FileName,
        file: Some(NASTY[0].to_owned() + ".mp4"),
        codec: "h264".to_owned(),
        width: 1920,
        height: 1080,
        regions: BTreeMap::new(),
    });
    outcome.take(&epoch, &[]);
    let scene = Scene {
        brightness: 0.5,
        contrast: 0.2,
        sharpness: 0.1,
        changed: None,
        changed_in: None,
        identical: None,
        moved: None,
    };
    for second in (0..wanted.seconds).step_by(2) {
        let seconds = f64::from(second);
        let share = seconds / f64::from(wanted.seconds);
        let presence = if (0.4..0.45).contains(&share) {
            Presence::Unknown
        } else {
            Presence::Seen((second / 600 + camera as u32) % 4)
        };
        if !(0.6..0.65).contains(&share) {
            let look = Observation {
                camera: id.clone(),
                epoch: 0,
                at: at(seconds),
                wall: wall(seconds),
                looked: Vec::new(),
                detections: Vec::new(),
                faint: Vec::new(),
                scene,
                changes: Vec::new(),
            };
            outcome.take(&Record::Observation(look), &[(0, presence)]);
        }
    }
    let whole = f64::from(wanted.seconds);
    let (from, to) = (at(0.6 * whole), Some(at(0.65 * whole)));
    let gap = Gap { camera: id.clone(), epoch: 0, from, to, reason: GapReason::Offline };
    outcome.take(&Record::Gap(gap), &[]);
    let spell = |share: f64| Duration::from_secs_f64(share * whole);
    outcome.watched.push(Watched {
        looks: outcome.looks,
        in_force: spell(0.95),
        unclear: spell(0.05),
        dark: spell(0.02),
        stretch: spell(0.95),
        judged: spell(0.9),
        anything: camera != 2,
    });
    outcome.notices.push(Notice {
        camera: id.clone(),
        file: NASTY[1].to_owned(),
        at: at(3.0),
        what: Noticed::TimesRebuilt,
    });
    if camera == 1 {
        let text = format!("camera {id}: {} says that it lasts 20.0 s but ends after 10.0 s", NASTY[3]);
        outcome.failures.push(Failure { of: FailureOf::Recording, text });
    }
    outcome
}

/// Writes a report with its evidence into `folder`, and returns its bytes.
pub fn write(folder: &Path, wanted: &Wanted) -> usize {
    let config = configuration(wanted);
    let violations: Vec<Violation> = (0..wanted.violations).map(|number| violation(number, wanted)).collect();
    fs::create_dir_all(folder.join("evidence")).expect("a folder");
    let still = jpeg(wanted.still);
    for file in violations.iter().flat_map(|violation| &violation.evidence) {
        fs::write(folder.join(&file.name), &still).expect("written");
    }
    let source = SourceFact {
        name: NASTY[0].to_owned() + ".mp4",
        bytes: Some(123_456_789),
        sha256: Some("a".repeat(64)),
    };
    let cameras = config.cameras.iter().enumerate().map(|(number, camera)| CameraSummary {
        camera: camera.id.clone(),
        outcome: outcome(number, wanted),
        sources: vec![source.clone()],
    });
    let model = ModelFact {
        name: "yolox-nano".to_owned(),
        sha256: "b".repeat(64),
        provider: Provider::Cpu,
        confidence: 0.35,
    };
    report::write(&Report {
        summary: &Summary::new(config.resolved(), vec![model], cameras.collect(), None),
        violations: &violations,
        entries: &[],
        run: Some(Run { took: Duration::from_secs(754), made: wall(90_000.0) }),
        sums: &"c".repeat(64),
        folder,
    })
    .expect("written");
    fs::metadata(folder.join("report.html")).expect("a report").len() as usize
}

/// A full-size picture with as much detail as a camera's, so that what is made of it is no smaller than in earnest.
fn jpeg(width: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, width * 9 / 16, |x, y| {
        let grain = ((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13) as u8 & 31;
        image::Rgb([(x / 8) as u8 ^ grain, (y / 5) as u8 ^ grain, ((x + y) / 12) as u8 ^ grain])
    });
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85)
        .encode_image(&picture)
        .expect("a JPEG");
    bytes
}
