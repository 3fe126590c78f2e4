//! What becomes of so many cameras that are watched for so long.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use super::{
    cameras::Cameras,
    site::{Bench, configuration, name},
};
use crate::watch::{
    machine::{mean, quantile, resident, used},
    service::{Metrics, Service},
    words::Result,
};

/// Nobody may be starved over so long.
const WINDOW: usize = 30;
/// Of what is wanted of a camera in that time, so much may be shed.
const SHED: f64 = 0.1;
/// From packet to verdict, at the 99th percentile, in seconds.
const LATE: f64 = 2.0;
/// Memory at the end, as a multiple of what it is early.
const GROWN: f64 = 1.05;
/// Memory is compared where it is watched for so long: before that the last pictures of each camera fill up.
const JUDGED: Duration = Duration::from_secs(300);
/// So long all cameras may take to be connected.
const CONNECTED: Duration = Duration::from_secs(120);

/// What was seen of it.
#[derive(Debug, Default)]
pub struct Watching {
    /// Why it is too much; none where it is not.
    pub fault: Option<String>,
    /// How long it was measured, in seconds.
    pub lasted: f64,
    /// Processor seconds of the program, and of what shows the cameras.
    pub cpu: f64,
    pub cameras_cpu: f64,
    /// Seconds from packet to verdict: the median, the 99th percentile, the most.
    pub lag: (f64, f64, f64),
    /// MiB early, and at the end.
    pub memory: (f64, f64),
    /// The fewest looks of a camera within the window, and the largest share of those wanted that was shed.
    pub fewest: f64,
    pub shed: f64,
}

impl Watching {
    pub fn line(&self) -> String {
        let Self { lag: (_, late, most), memory: (early, end), fewest, shed, lasted, .. } = self;
        let verdict = self.fault.as_deref().unwrap_or("holds");
        let fewest = match fewest.is_finite() {
            true => format!("at least {fewest:.0} looks of each in {WINDOW} s, {:.1} % shed", shed * 100.0),
            false => format!("shorter than {WINDOW} s, so starving was not judged"),
        };
        format!(
            "{verdict} (99 % within {late:.2} s, most {most:.2} s; {fewest}; {:.2} and {:.2} cores; {early:.0} and {end:.0} MiB)",
            self.cpu / lasted.max(0.1),
            self.cameras_cpu / lasted.max(0.1)
        )
    }
}

/// Counts of one camera at one second: looks wanted, taken, and shed; how late the last one was.
#[derive(Debug, Clone, Copy)]
struct Count {
    wanted: f64,
    taken: f64,
    shed: f64,
    late: Option<f64>,
}

impl Count {
    fn of(metrics: &Metrics, camera: &str) -> Self {
        let of = |name| metrics.of(name, camera);
        Self {
            wanted: of("looks_wanted_total").unwrap_or_default(),
            taken: of("looks_taken_total").unwrap_or_default(),
            shed: metrics.dropped(camera, "overload") + metrics.dropped(camera, "memory"),
            late: of("lag_seconds"),
        }
    }
}

/// Watches so many cameras, and counts for `length`. It ends sooner where it is plainly too much.
pub fn watched(bench: &Bench, count: usize, length: Duration) -> Result<Watching> {
    let cameras = Cameras::start(bench, count)?;
    let folder = bench.folder.join(format!("run-{count}-{}", length.as_secs()));
    fs::create_dir_all(&folder)?;
    let config = folder.join("site.toml");
    fs::write(&config, configuration(&cameras.sources()))?;
    let service = Service::start(&bench.binary, &config, &folder.join("log"), bench.threads)?;
    let names: Vec<String> = (0..count).map(name).collect();
    let mut told = Watching { fewest: f64::INFINITY, ..Watching::default() };
    if !connected(&service, &names)? {
        told.fault = Some(format!("not all cameras are connected after {} s", CONNECTED.as_secs()));
        return Ok(told);
    }
    thread::sleep(bench.warm);
    count_on(&service, &cameras, &names, length, &mut told)?;
    let log = service.log();
    if log.contains("next try in") {
        let line = log.lines().find(|line| line.contains("next try in")).unwrap_or_default();
        told.fault.get_or_insert(format!("a connection was lost: {line}"));
    }
    service.end()?;
    fs::remove_dir_all(&folder)?;
    Ok(told)
}

fn connected(service: &Service, names: &[String]) -> Result<bool> {
    let began = Instant::now();
    while began.elapsed() < CONNECTED {
        // While it begins it answers that it does.
        if let Ok(metrics) = service.metrics()
            && names.iter().all(|name| metrics.of("looks_taken_total", name).is_some_and(|taken| taken > 0.0))
        {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(500));
    }
    Ok(false)
}

fn count_on(
    service: &Service,
    cameras: &Cameras,
    names: &[String],
    length: Duration,
    told: &mut Watching,
) -> Result<()> {
    let (began, before) = (Instant::now(), (used(service.id()), used(cameras.id())));
    let (mut seconds, mut memory): (Vec<Vec<Count>>, Vec<f64>) = Default::default();
    while began.elapsed() < length {
        let metrics = service.metrics()?;
        seconds.push(names.iter().map(|name| Count::of(&metrics, name)).collect());
        memory.push(resident(service.id()));
        if let Some(fault) = starved(&seconds, names, told) {
            told.fault = Some(fault);
            break;
        }
        let next = Duration::from_secs(seconds.len() as u64);
        thread::sleep(next.saturating_sub(began.elapsed()));
    }
    told.lasted = began.elapsed().as_secs_f64();
    told.cpu = used(service.id()) - before.0;
    told.cameras_cpu = used(cameras.id()) - before.1;
    let mut late: Vec<f64> = seconds.iter().flatten().filter_map(|count| count.late).collect();
    told.lag = (quantile(&mut late, 0.5), quantile(&mut late, 0.99), quantile(&mut late, 1.0));
    let part = |from: usize, to: usize| memory.get(from..to).map(mean).unwrap_or_default();
    let all = memory.len();
    told.memory = (part(all / 12, (all / 4).max(all / 12 + 1).min(all)), part(all - all.div_ceil(6), all));
    if told.lag.1 > LATE {
        told.fault.get_or_insert(format!("late by {:.1} s", told.lag.1));
    }
    if length >= JUDGED && told.memory.1 > told.memory.0 * GROWN {
        told.fault
            .get_or_insert(format!("memory grows from {:.0} to {:.0} MiB", told.memory.0, told.memory.1));
    }
    Ok(())
}

/// Which camera was starved over the last window, if one was.
fn starved(seconds: &[Vec<Count>], names: &[String], told: &mut Watching) -> Option<String> {
    let (last, first) = (seconds.last()?, seconds.get(seconds.len().checked_sub(WINDOW + 1)?)?);
    for ((now, before), name) in last.iter().zip(first).zip(names) {
        let taken = now.taken - before.taken;
        let shed = (now.shed - before.shed) / (now.wanted - before.wanted).max(1.0);
        told.fewest = told.fewest.min(taken);
        told.shed = told.shed.max(shed);
        if taken < 1.0 {
            return Some(format!("{name} was not looked at for {WINDOW} s"));
        }
        if shed > SHED {
            return Some(format!("of {name} {:.0} % of the looks were shed", shed * 100.0));
        }
    }
    None
}
