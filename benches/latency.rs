//! How long an e-bike stands in an elevator until the file sink has its line, timed from outside.
//!
//! `latency BINARY [FOLDER…] [--trials 30] [--cameras 1] [--threads N] [--seed N]` brings e-bikes in again and again, each time at another moment
//! between two key frames, and prints a table. The films are `samples/elevator.mp4` and every film of the folders; beside each lies what
//! is true of it, `NAME.csv` (`camera,kind,start_s,end_s`; `start_s` is when the e-bike is wholly inside). A camera shows them as 1280 x 720,
//! 25 pictures a second, with a key frame each two seconds, and says when it sent each picture.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

mod latency {
    pub mod passages;
    pub mod sink;
}
mod watch;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use latency::{
    passages::{Film, Reel, films},
    sink::{Line, Sink},
};
use watch::{
    clips::RATE,
    machine::{self, quantile},
    server::{Ready, Server, Shows, Stamps},
    service::Service,
    words::{Result, Words},
};

/// At the 95th percentile, in seconds: from when the e-bike is inside, and from the picture with which the violation was complete.
const FROM_INSIDE: f64 = 2.5;
const FROM_COMPLETE: f64 = 0.5;

/// So much sooner a line may come, in seconds, and still be about it: the one before was gone for longer.
const EARLY: f64 = 4.0;

/// What became of one e-bike.
struct Trial {
    film: String,
    /// How long after a key frame it was wholly inside, in seconds.
    phase: f64,
    /// Until the line was there, in seconds: from when it was inside, and from the picture with which the violation was complete.
    took: Option<(f64, f64)>,
    /// From that picture until it was judged, by the program's log: what is left is the wait for stills, the disk, and the sink.
    judged: Option<f64>,
    /// How many stills the line names.
    stills: usize,
}

fn main() -> Result<()> {
    let mut words = Words::given();
    let trials = words.number("--trials", 30)?;
    let cameras = words.number("--cameras", 1_usize)?.max(1);
    let threads = words.number("--threads", machine::cores())?;
    let seed = words.number("--seed", 1)?;
    // `cargo test --all-targets`, with whatever filter, runs this only to see that it is built.
    let Some(binary) = words.path().filter(|path| path.is_file()) else {
        eprintln!("usage: latency BINARY [FOLDER…] [--option value…]");
        return Ok(());
    };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut known = vec![Film::beside(&samples.join("elevator.mp4"))?];
    while let Some(folder) = words.path() {
        known.extend(films(&folder)?);
    }
    words.end()?;
    let folder = tempfile::tempdir()?;
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut reels = Vec::new();
    for camera in 0..cameras {
        let own = (camera..trials).step_by(cameras).map(|trial| known[trial % known.len()].clone()).collect();
        let path = folder.path().join(format!("reel-{camera}.h264"));
        eprintln!("encoding what camera {camera} shows");
        reels.push(Reel::make(own, &path, &mut chance)?);
    }
    let (told, lines) = watch(&reels, &binary, threads, folder.path())?;
    report(&known, &told, &lines);
    Ok(())
}

/// What became of all e-bikes, and every line that came.
fn watch(reels: &[Reel], binary: &Path, threads: usize, folder: &Path) -> Result<(Vec<Trial>, Vec<Line>)> {
    let shows = reels.iter().map(|reel| Ok(Shows { film: Arc::new(Ready::read(&reel.raw, RATE)?), from: 0 }));
    let shows: Vec<Shows> = shows.collect::<Result<_>>()?;
    let pictures = shows.iter().map(|shows| shows.film.len()).max().unwrap_or_default();
    let server = Server::start(shows, true)?;
    let config = folder.join("site.toml");
    fs::write(&config, configuration(server.ports()))?;
    let mut sink = Sink::new(folder.join("alerts.jsonl"));
    let service = Service::start(binary, &config, &folder.join("log"), threads)?;
    let (began, mut lines) = (Instant::now(), Vec::new());
    let shown = |stamps: &Stamps| stamps.lock().unwrap_or_else(PoisonError::into_inner).len();
    eprintln!("{} s are shown", pictures as u32 / RATE);
    let longest = Duration::from_secs(120 + pictures as u64 / u64::from(RATE));
    while server.stamps().iter().zip(reels).any(|(stamps, reel)| shown(stamps) < reel.pictures) {
        if began.elapsed() > longest {
            return Err(format!("not all was shown:\n{}", service.log()).into());
        }
        lines.extend(sink.new_lines()?);
        thread::sleep(Duration::from_millis(2));
    }
    let log = service.log();
    service.end()?;
    if log.contains("next try in") {
        return Err(format!("a connection was lost, so times are not what they seem:\n{log}").into());
    }
    let mut told = Vec::new();
    for (camera, (reel, stamps)) in reels.iter().zip(server.stamps()).enumerate() {
        let stamps = stamps.lock().unwrap_or_else(PoisonError::into_inner);
        for (film, inside, until) in reel.passages() {
            let (from, to) = (stamps[inside], stamps[until.min(stamps.len() - 1)]);
            // It may be told of before it is wholly inside.
            let is_it = |line: &&Line| {
                line.camera == name(camera) && since(line.came, from) < EARLY && line.came <= to
            };
            let line = lines.iter().find(is_it);
            let took =
                line.map(|line| (since(from, line.came), since(sent(&stamps, line.raised), line.came)));
            told.push(Trial {
                film: film.name.clone(),
                phase: (inside % 50) as f64 / f64::from(RATE),
                took,
                judged: line
                    .and_then(|line| Some(since(sent(&stamps, line.raised), judged(&log, &line.id)?))),
                stills: line.map_or(0, |line| line.stills),
            });
        }
    }
    Ok((told, lines))
}

/// When the log says that a violation was raised.
fn judged(log: &str, id: &str) -> Option<SystemTime> {
    let line = log.lines().find(|line| line.contains(" raised: ") && line.ends_with(id))?;
    let time: jiff::Timestamp = line.split_whitespace().next()?.parse().ok()?;
    SystemTime::try_from(time).ok()
}

/// When the picture was sent that was taken at a time by the box: the one that is nearest.
fn sent(stamps: &[SystemTime], taken: SystemTime) -> SystemTime {
    let apart = |stamp: &&SystemTime| since(**stamp, taken).abs();
    *stamps.iter().min_by(|one, other| apart(one).total_cmp(&apart(other))).expect("pictures were sent")
}

/// Seconds from one to the other.
fn since(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

fn name(camera: usize) -> String {
    format!("elevator-{camera}")
}

fn configuration(ports: &[u16]) -> String {
    let head = "[site]\nid = \"latency\"\n[console]\nlisten = \"127.0.0.1:0\"\n[[sink]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\n";
    let camera = |(number, port): (usize, &u16)| {
        format!(
            "[[camera]]\nid = \"{}\"\nsource = \"rtsp://127.0.0.1:{port}/live\"\n[[camera.rule]]\nkind = \"ebike_in_elevator\"\nrearm = \"3s\"\n",
            name(number)
        )
    };
    head.to_owned() + &ports.iter().enumerate().map(camera).collect::<String>()
}

fn report(films: &[Film], told: &[Trial], lines: &[Line]) {
    println!("Machine: {}. Command: `latency {}`", machine::machine(), machine::command());
    let names: Vec<PathBuf> = films.iter().map(|film| film.path.clone()).collect();
    println!(
        "Films: {}\n",
        names.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    );
    println!(
        "| e-bike | film | after a key frame | from inside to the line | from the picture that completed it | of that until it was judged | stills |\n|---|---|---|---|---|---|---|"
    );
    for (number, Trial { film, phase, took, judged, stills }) in told.iter().enumerate() {
        let words = took.map_or("never | never".to_owned(), |(inside, complete)| {
            format!("{inside:.2} s | {complete:.2} s")
        });
        let judged = judged.map_or("–".to_owned(), |judged| format!("{judged:.2} s"));
        println!("| {} | {film} | {phase:.2} s | {words} | {judged} | {stills} |", number + 1);
    }
    let of = |of: fn(&(f64, f64)) -> f64| {
        let mut took: Vec<f64> =
            told.iter().map(|trial| trial.took.as_ref().map_or(f64::INFINITY, of)).collect();
        (quantile(&mut took, 0.5), quantile(&mut took, 0.95), quantile(&mut took, 1.0))
    };
    let (inside, complete) = (of(|took| took.0), of(|took| took.1));
    let missed = told.iter().filter(|trial| trial.took.is_none()).count();
    let strange = lines.len() - (told.len() - missed);
    println!(
        "\n| of {} e-bikes | median | 95th percentile | most | bound |\n|---|---|---|---|---|",
        told.len()
    );
    println!(
        "| from wholly inside to the line in the file | {:.2} s | {:.2} s | {:.2} s | {FROM_INSIDE} s |",
        inside.0, inside.1, inside.2
    );
    println!(
        "| from the picture that completed `confirm` | {:.2} s | {:.2} s | {:.2} s | {FROM_COMPLETE} s |",
        complete.0, complete.1, complete.2
    );
    let mut judged: Vec<f64> = told.iter().filter_map(|trial| trial.judged).collect();
    println!(
        "| of that until it was judged | {:.2} s | {:.2} s | {:.2} s | |",
        quantile(&mut judged, 0.5),
        quantile(&mut judged, 0.95),
        quantile(&mut judged, 1.0)
    );
    println!("\n{missed} were never told of; {strange} lines were about something else.");
    if inside.1 > FROM_INSIDE || complete.1 > FROM_COMPLETE {
        println!("Over the bound.");
        std::process::exit(1);
    }
}
