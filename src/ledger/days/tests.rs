use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use super::*;
use crate::{
    clock::Manual,
    domain::{Epoch, Gap, GapReason, MediaTime, Observation, WallOrigin, testing::scene},
    results::lines,
};

fn camera() -> CameraId {
    CameraId::new("lane").expect("an id")
}

fn wall(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn epoch(number: u32, from: i64, at: &str) -> Record {
    Record::Epoch(Epoch {
        camera: camera(),
        epoch: number,
        from: MediaTime::from_micros(from * 1_000_000),
        zero: None,
        wall: wall(at),
        wall_origin: WallOrigin::Clock,
        file: None,
        codec: "h264".to_owned(),
        width: 640,
        height: 360,
        regions: BTreeMap::new(),
    })
}

fn look(seconds: i64, at: Timestamp) -> Record {
    Record::Observation(Observation {
        camera: camera(),
        epoch: 0,
        at: MediaTime::from_micros(seconds * 1_000_000),
        wall: at,
        looked: Vec::new(),
        detections: Vec::new(),
        faint: Vec::new(),
        scene: scene(),
        changes: Vec::new(),
    })
}

struct Kept {
    folder: tempfile::TempDir,
    clock: Arc<Manual>,
    glances: Arc<Mutex<Vec<DayOutcome>>>,
}

impl Kept {
    fn new() -> Self {
        let clock = Arc::new(Manual::at(wall("2026-11-30T15:00:00Z")));
        Self { folder: tempfile::tempdir().expect("a folder"), clock, glances: Arc::default() }
    }

    fn keep(&self, keep: Duration, budget: u64, records: &[Record]) {
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let settings = Settings { folder: self.folder.path().to_owned(), zone, keep, budget };
        let glances = Arc::clone(&self.glances);
        let earlier = Arc::clone(&self.glances);
        let glance = move |glance| glances.lock().expect("sound").push(glance);
        let earlier = move |camera: &CameraId, day| {
            let known = earlier.lock().expect("sound");
            known.iter().rfind(|known| known.day == day && known.camera == *camera).cloned()
        };
        let days = Days::start(settings, Arc::clone(&self.clock) as _, glance, earlier).expect("a thread");
        let keeper = days.keeper(&camera());
        let judgement = Judgement { presence: vec![(0, Presence::Seen(1))], ..Judgement::default() };
        records.iter().for_each(|record| keeper.told(record, &judgement, Vec::new()));
        assert_eq!(days.dropped(), 0);
        days.finish(Duration::from_secs(60));
    }

    fn file(&self, day: &str) -> PathBuf {
        self.folder.path().join("lane").join(format!("{day}.jsonl.gz"))
    }

    fn read(&self, day: &str) -> Vec<Record> {
        let mut records = Vec::new();
        lines::read(&self.file(day), &mut |_, record| records.push(record)).expect("sound");
        records
    }
}

const WEEK: Duration = Duration::from_secs(7 * 86_400);

#[test]
fn a_day_is_the_sites_and_the_next_begins_with_the_connection_at_hand() {
    let kept = Kept::new();
    let begins = epoch(0, 0, "2026-11-30T15:59:58Z");
    // Midnight in Shanghai is four in the afternoon by UTC.
    let looks: Vec<Record> = (0..4)
        .map(|second| {
            let at = wall("2026-11-30T15:59:58Z") + jiff::SignedDuration::from_secs(second);
            look(second, at)
        })
        .collect();
    kept.keep(WEEK, u64::MAX, &[vec![begins.clone()], looks.clone()].concat());
    assert_eq!(kept.read("2026-11-30"), [vec![begins.clone()], looks[..2].to_vec()].concat());
    assert_eq!(kept.read("2026-12-01"), [vec![begins], looks[2..].to_vec()].concat());
    let glances = kept.glances.lock().expect("sound");
    let columns = |day: &str| {
        let day: Date = day.parse().expect("a day");
        let last = glances.iter().rfind(|glance| glance.day == day).expect("told");
        last.outcome.timeline.columns().iter().map(|column| column.looks).sum::<u32>()
    };
    assert_eq!((columns("2026-11-30"), columns("2026-12-01")), (2, 2));
}

#[test]
fn what_a_killed_program_was_writing_is_cut_off_and_the_next_goes_on() {
    let kept = Kept::new();
    let at = wall("2026-11-30T01:00:00Z");
    kept.keep(WEEK, u64::MAX, &[look(0, at)]);
    kept.keep(WEEK, u64::MAX, &[look(1, at)]);
    let whole = std::fs::read(kept.file("2026-11-30")).expect("there");
    for half in [1, 5, 20, whole.len() / 2 - 1] {
        std::fs::write(kept.file("2026-11-30"), &whole).expect("written");
        let mut file = std::fs::OpenOptions::new().append(true).open(kept.file("2026-11-30")).expect("there");
        file.write_all(&whole[..half]).expect("written");
        // It can be read as it is, up to there.
        let mut read = 0;
        let _ = lines::read(&kept.file("2026-11-30"), &mut |_, _: Record| read += 1);
        assert!(read >= 2, "{half}: {read}");
        kept.keep(WEEK, u64::MAX, &[look(2, at)]);
        assert_eq!(kept.read("2026-11-30"), [look(0, at), look(1, at), look(2, at)], "{half}");
    }
}

#[test]
fn old_days_go_and_so_do_the_oldest_of_too_many_but_nothing_else() {
    let kept = Kept::new();
    let day = |day: i64| wall("2026-11-01T01:00:00Z") + jiff::SignedDuration::from_hours(24 * day);
    for number in [0, 20, 26, 27, 28] {
        kept.keep(Duration::from_secs(365 * 86_400), u64::MAX, &[look(number, day(number))]);
    }
    let other = kept.folder.path().join("lane").join("notes.txt");
    std::fs::write(&other, "mine").expect("written");
    kept.keep(WEEK, u64::MAX, &[]);
    let there = |day: &str| kept.file(day).exists();
    assert!(!there("2026-11-01") && !there("2026-11-21") && there("2026-11-27") && there("2026-11-29"));
    let one = std::fs::metadata(kept.file("2026-11-29")).expect("there").len();
    kept.keep(WEEK, 2 * one + one / 2, &[]);
    assert!(!there("2026-11-27") && there("2026-11-28") && there("2026-11-29") && other.exists());
}

#[test]
fn a_days_timeline_goes_on_after_a_restart() {
    let kept = Kept::new();
    let at = |second: i64| wall("2026-11-30T01:00:00Z") + jiff::SignedDuration::from_secs(second);
    kept.keep(WEEK, u64::MAX, &[look(100, at(0)), look(101, at(1))]);
    // Ten seconds without the program.
    kept.keep(WEEK, u64::MAX, &[look(111, at(11))]);
    let glances = kept.glances.lock().expect("sound");
    let last = glances.last().expect("told");
    let looked = |column: usize| last.outcome.timeline.columns().get(column).map_or(0, |column| column.looks);
    assert_eq!((looked(0), looked(10), looked(110), last.from), (1, 1, 1, at(0)));
}

#[test]
fn nothing_is_written_where_looks_are_not_kept() {
    let kept = Kept::new();
    kept.keep(Duration::ZERO, u64::MAX, &[look(0, wall("2026-11-30T01:00:00Z"))]);
    assert!(!kept.file("2026-11-30").exists());
}

#[test]
fn a_gap_is_in_the_day_in_which_it_was_told() {
    let kept = Kept::new();
    let gap = Record::Gap(Gap {
        camera: camera(),
        epoch: 0,
        from: MediaTime::from_micros(2_000_000),
        to: Some(MediaTime::from_micros(62_000_000)),
        reason: GapReason::Offline,
    });
    kept.keep(WEEK, u64::MAX, &[epoch(0, 0, "2026-11-30T01:00:00Z"), gap.clone()]);
    assert_eq!(kept.read("2026-11-30")[1], gap);
    let glances = kept.glances.lock().expect("sound");
    let last = glances.last().expect("told");
    assert_eq!(last.outcome.timeline.gap_time(), Duration::from_secs(60));
}
