//! How many cameras this machine watches: the largest number at which none is starved and none is late, beside how many recordings
//! `analyze --paced` carries.
//!
//! `load BINARY FOOTAGE [--length 10m] [--step 60s] [--warm 30s] [--from N] [--most N] [--threads N] [--seed N] [--paced no]` prints
//! a table. Cameras are 1080p25 H.264 of 4 Mbit/s with a key frame each two seconds: of four, two are lanes and one is a post, on a
//! street with people, and one is an elevator in which nothing moves. One process beside shows them all; what it takes of the processors
//! is measured, and taken off.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

mod load {
    pub mod cameras;
    pub mod paced;
    pub mod search;
    pub mod site;
    pub mod watching;
}
mod watch;

use std::{path::PathBuf, time::Duration};

use load::{
    cameras,
    search::search,
    site::Bench,
    watching::{Watching, watched},
};
use watch::{
    clips, machine,
    words::{Result, Words},
};

/// No more recordings are tried.
const MOST_RECORDINGS: usize = 1_000;

fn main() -> Result<()> {
    let mut words = Words::given();
    let bench = Bench {
        threads: words.number("--threads", machine::cores())?,
        seed: words.number("--seed", 1)?,
        warm: words.time("--warm", Duration::from_secs(30))?,
        ..Bench::default()
    };
    let length = words.time("--length", Duration::from_secs(600))?;
    let step = words.time("--step", Duration::from_secs(60))?;
    let from = words.number("--from", 4 * machine::cores())?;
    let most = words.number("--most", 1_000)?;
    let paced = words.option("--paced")?.as_deref() != Some("no");
    let Some(first) = words.path() else { return Ok(()) };
    if first.file_name().is_some_and(|name| name == cameras::SERVES) {
        return cameras::serve(words);
    }
    // `cargo test --all-targets`, with whatever filter, runs this only to see that it is built.
    let Some(footage) = words.path() else { return Ok(()) };
    words.end()?;
    let folder = tempfile::tempdir()?;
    let kept = PathBuf::from(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let kept = std::path::absolute(kept.join("bench-footage"))?;
    let (busy, quiet) = (clips::busy(&footage, &kept)?, clips::quiet(&footage, &kept)?);
    let bench = Bench { binary: first, folder: folder.path().to_owned(), busy, quiet, ..bench };

    let mut confirmed = None;
    let (mut from, mut bound) = (from, most);
    while confirmed.is_none() && bound > 0 {
        let found = search(from.min(bound), bound, |cameras| {
            let told = watched(&bench, cameras, step)?;
            eprintln!("{cameras} cameras for {} s: {}", step.as_secs(), told.line());
            Ok(told.fault.is_none())
        })?;
        if found == 0 {
            break;
        }
        let told = watched(&bench, found, length)?;
        eprintln!("{found} cameras for {} s: {}", length.as_secs(), told.line());
        // What holds for a minute need not hold for ten, and nearly as much hardly does.
        bound = found * 15 / 16;
        from = bound;
        confirmed = told.fault.is_none().then_some((found, told));
    }
    let carried = match (&confirmed, paced) {
        (Some((found, _)), true) => Some(search(*found, MOST_RECORDINGS, |cameras| {
            let told = load::paced::analysed(&bench, cameras, step)?;
            eprintln!("{cameras} recordings for {} s: {}", step.as_secs(), told.line());
            Ok(told.is_carried())
        })?),
        _ => None,
    };
    report(&bench, (length, most), confirmed, carried);
    Ok(())
}

/// What a page of the documentation can hold.
fn report(
    bench: &Bench,
    (length, most): (Duration, usize),
    confirmed: Option<(usize, Watching)>,
    carried: Option<usize>,
) {
    println!(
        "Machine: {}; {} workers. Command: `load {}`\n",
        machine::machine(),
        bench.threads,
        machine::command()
    );
    let Some((found, told)) = confirmed else {
        println!("Not one camera is watched as it is to be.");
        return;
    };
    let cores = machine::cores() as f64;
    let own = told.cameras_cpu / told.lasted;
    println!("| what | figure |\n|---|---|");
    let most = if found == most { " (no more were tried)" } else { "" };
    println!("| cameras, for {} s | {found}{most} |", length.as_secs());
    println!("| fewest looks of a camera in 30 s | {:.0} |", told.fewest);
    println!("| looks that were shed for want of time, at most in 30 s | {:.1} % |", told.shed * 100.0);
    println!(
        "| packet to verdict: median, 99th percentile, most | {:.2}, {:.2}, {:.2} s |",
        told.lag.0, told.lag.1, told.lag.2
    );
    println!("| memory early, at the end | {:.0}, {:.0} MiB |", told.memory.0, told.memory.1);
    println!(
        "| processor of the program | {:.2} of {cores} cores, {:.1} ms a second of a camera |",
        told.cpu / told.lasted,
        told.cpu / told.lasted / found as f64 * 1e3
    );
    println!("| processor of what shows the cameras, taken off | {own:.2} cores |");
    let by_core = found as f64 / (cores - own).max(0.1);
    println!("| cameras per core that is left | {by_core:.1} |");
    if let Some(carried) = carried {
        let of_paced = carried as f64 / cores;
        println!("| recordings that `analyze --paced` carries, per core | {carried}, {of_paced:.1} |");
        println!("| ratio, per core | {:.2} |", by_core / of_paced.max(0.01));
    }
}
