//! What is known of the box and its cameras, as lines of the log, once a minute: what was counted in that minute, and how
//! everything is at its end.

use std::{
    collections::BTreeMap,
    io,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use super::{
    board::{Board, BoxFacts, CameraFacts, WorksFacts},
    counts::Tally,
};
use crate::{
    domain::CameraId,
    pulse::{self, Remedy},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Tells facts on a thread of its own, as what it asks may wait for a disk, until it is dropped.
pub(super) struct Teller {
    _ends: Sender<()>,
}

impl Teller {
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(board: Board) -> io::Result<Self> {
        let (ends, ended) = mpsc::channel();
        let work = move || {
            let _entered = pulse::enter("facts", Remedy::Tell);
            let mut minutes = Minutes::default();
            while ended.recv_timeout(MINUTE) == Err(RecvTimeoutError::Timeout) {
                pulse::does("telling facts", MINUTE);
                // Cameras first: they wait for no disk.
                minutes.tell_cameras(&board.cameras());
                minutes.tell_box(&board.facts());
                pulse::rests();
            }
        };
        thread::Builder::new().name("facts".to_owned()).spawn(work)?;
        Ok(Self { _ends: ends })
    }
}

/// What was told last, from which what is new since is counted.
#[derive(Default)]
struct Minutes {
    cameras: BTreeMap<CameraId, Tally>,
    works: Option<WorksFacts>,
}

impl Minutes {
    fn tell_cameras(&mut self, cameras: &[CameraFacts]) {
        for facts in cameras {
            let before = self.cameras.get(&facts.camera).cloned().unwrap_or_default();
            tell_camera(facts, &since(&before, &facts.tally));
        }
        self.cameras = cameras.iter().map(|facts| (facts.camera.clone(), facts.tally.clone())).collect();
    }

    fn tell_box(&mut self, facts: &BoxFacts) {
        let Some(works) = facts.works() else { return };
        tell_box(facts, works, self.works.as_ref());
        self.works = Some(works.clone());
    }
}

/// What is new since then. A camera that was gone meanwhile counts from nothing.
fn since(before: &Tally, now: &Tally) -> Tally {
    let begins_anew = now.wanted < before.wanted || now.taken < before.taken;
    let before = if begins_anew { &Tally::default() } else { before };
    let dropped = now.dropped.iter().map(|(reason, count)| {
        (*reason, count.saturating_sub(before.dropped.get(reason).copied().unwrap_or_default()))
    });
    Tally {
        wanted: now.wanted.saturating_sub(before.wanted),
        taken: now.taken.saturating_sub(before.taken),
        dropped: dropped.collect(),
        decoding: now.decoding.saturating_sub(before.decoding),
        looking: now.looking.saturating_sub(before.looking),
        pictures: now.pictures.saturating_sub(before.pictures),
        raised: now.raised.saturating_sub(before.raised),
        lag: now.lag,
        longest_lag: now.longest_lag,
    }
}

fn tell_camera(facts: &CameraFacts, minute: &Tally) {
    let link = &facts.link;
    let per_picture = |time: Duration| {
        (minute.pictures > 0).then(|| rounded(time.as_secs_f64() * 1e3 / minute.pictures as f64))
    };
    let by: Vec<String> = minute
        .dropped
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    tracing::info!(
        camera = %facts.camera,
        connected = facts.is_connected(),
        reason = link.reason.map(|reason| reason.name()),
        kbit_s = (link.bytes_per_s * 8.0 / 1e3).round(),
        key_frames_s = link.keyframes.map(seconds),
        wanted = minute.wanted,
        taken = minute.taken,
        dropped = minute.dropped.values().sum::<u64>(),
        dropped_by = (!by.is_empty()).then(|| by.join(", ")),
        decode_ms = per_picture(minute.decoding),
        look_ms = per_picture(minute.looking),
        lag_s = minute.lag.map(seconds),
        longest_lag_s = minute.longest_lag.map(seconds),
        raised = minute.raised,
        reconnects = facts.reconnects,
        "facts"
    );
}

fn tell_box(facts: &BoxFacts, works: &WorksFacts, before: Option<&WorksFacts>) {
    let WorksFacts { database, delivery, uploads, reactions, evidence, looks_left_out } = works;
    let age = |since: jiff::Timestamp| facts.wall.duration_since(since).as_secs().max(0);
    let new = |of: fn(&WorksFacts) -> u64| of(works).saturating_sub(before.map(of).unwrap_or_default());
    let sinks = database.sinks.iter().map(|(sink, depth)| format!("{sink} {}", depth.waiting));
    let failing = delivery.iter().filter(|(_, sink)| sink.failing.is_some()).map(|(name, _)| name.as_str());
    let dropped = |works: &WorksFacts| works.database.dropped_updates + works.database.dropped_others;
    tracing::info!(
        cameras = facts.cameras.len(),
        connected = facts.cameras.iter().filter(|camera| camera.is_connected()).count(),
        memory_mb = facts.memory.map(megabytes),
        commits = new(|works| works.database.commits),
        database_mb = megabytes(database.bytes),
        written_today_mb = megabytes(database.bytes_today),
        in_memory = database.in_memory,
        failing_s = database.failing_since.map(age),
        given_up = dropped(works).saturating_sub(before.map(dropped).unwrap_or_default()),
        alerts_wait = database.waiting,
        oldest_s = database.oldest_waiting.map(age),
        sinks = sinks.collect::<Vec<_>>().join(", "),
        sinks_failing = failing.collect::<Vec<_>>().join(", "),
        uploads_wait = database.uploads.waiting,
        uploads_failing_s = uploads.failing.as_ref().map(|failing| age(failing.since)),
        reactions_failing = reactions.iter().filter(|reaction| reaction.failing.is_some()).count(),
        stills = new(|works| works.evidence.stills),
        clips = new(|works| works.evidence.clips),
        missing = new(|works| works.evidence.missing),
        stills_wait = evidence.waiting,
        open_clips = evidence.open_clips,
        evidence_mb = megabytes(evidence.bytes),
        looks_left_out = looks_left_out.saturating_sub(before.map_or(0, |before| before.looks_left_out)),
        "facts of the box"
    );
}

/// To the millisecond.
fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64())
}

fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}

fn megabytes(bytes: u64) -> f64 {
    (bytes as f64 / 1e5).round() / 10.0
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::{
        deliver::UploadFacts,
        domain::OfflineReason,
        evidence::live::EvidenceFacts,
        ledger::database::{DatabaseFacts, Depth},
        service::Stage,
        source::live::LinkState,
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is said in the meantime.
    fn said(what: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let log =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).without_time();
        tracing::subscriber::with_default(log.finish(), what);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn camera(tally: Tally) -> CameraFacts {
        let mut link = LinkState::default();
        link.reason = Some(OfflineReason::Unauthorized);
        link.words = "rtsp://viewer:s3cr3t@10.2.0.31/1 refuses".to_owned();
        CameraFacts { camera: CameraId::new("lane").unwrap(), link, reconnects: 2, tally }
    }

    fn tally(wanted: u64, taken: u64, overload: u64) -> Tally {
        let mut tally = Tally { wanted, taken, pictures: taken, ..Tally::default() };
        tally.looking = Duration::from_millis(20 * taken);
        tally.dropped.insert("overload", overload);
        tally
    }

    #[test]
    fn a_minute_is_told_of_each_camera_and_not_all_since_the_start() {
        let mut minutes = Minutes::default();
        let first = said(|| minutes.tell_cameras(&[camera(tally(60, 55, 5))]));
        assert!(first.contains("facts camera=lane connected=false reason=\"unauthorized\""), "{first}");
        for fact in ["wanted=60 taken=55 dropped=5 dropped_by=\"overload 5\"", "look_ms=20.0", "reconnects=2"]
        {
            assert!(first.contains(fact), "{fact}: {first}");
        }
        let second = said(|| minutes.tell_cameras(&[camera(tally(120, 115, 5))]));
        assert!(second.contains("wanted=60 taken=60 dropped=0"), "{second}");
        assert!(!second.contains("dropped_by"), "{second}");
        // One that was taken out of the configuration and is there again.
        let third = said(|| minutes.tell_cameras(&[camera(tally(10, 9, 1))]));
        assert!(third.contains("wanted=10 taken=9 dropped=1"), "{third}");
        assert!(!third.contains("look_ms=0"), "{third}");
        let idle = said(|| minutes.tell_cameras(&[camera(tally(10, 9, 1))]));
        assert!(idle.contains("wanted=0 taken=0 dropped=0") && !idle.contains("look_ms"), "{idle}");
        let all = [first, second, third, idle].concat();
        assert!(!all.contains("s3cr3t") && !all.contains("10.2.0.31"), "{all}");
    }

    #[test]
    fn a_line_tells_how_the_box_does() {
        let wall = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let works = |commits| WorksFacts {
            delivery: [].into(),
            uploads: UploadFacts::default(),
            reactions: Vec::new(),
            database: DatabaseFacts {
                waiting: 3,
                oldest_waiting: Some(wall - SignedDuration::from_secs(40)),
                sinks: [("file".to_owned(), Depth { waiting: 3, oldest: None, refused: 0 })].into(),
                failing_since: Some(wall - SignedDuration::from_secs(7)),
                commits,
                bytes: 1_250_000,
                ..DatabaseFacts::default()
            },
            evidence: EvidenceFacts { stills: 4, ..EvidenceFacts::default() },
            looks_left_out: 0,
        };
        let facts = |stage| BoxFacts {
            wall,
            began: Timestamp::UNIX_EPOCH,
            memory: Some(200_000_000),
            cameras: vec![camera(Tally::default())],
            stage,
            threads: crate::service::ThreadFacts::default(),
        };
        let mut minutes = Minutes::default();
        assert_eq!(said(|| minutes.tell_box(&facts(Stage::Loading))), "");
        let first = said(|| minutes.tell_box(&facts(Stage::Watching(works(12)))));
        for fact in [
            "cameras=1 connected=0 memory_mb=200.0 commits=12 database_mb=1.3",
            "failing_s=7",
            "alerts_wait=3 oldest_s=40 sinks=\"file 3\"",
            "stills=4 clips=0",
        ] {
            assert!(first.contains(fact), "{fact}: {first}");
        }
        let second = said(|| minutes.tell_box(&facts(Stage::Watching(works(20)))));
        assert!(second.contains("commits=8") && second.contains("stills=0"), "{second}");
    }
}
