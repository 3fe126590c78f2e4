//! Which file of a camera comes when, before any is read.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    HOLE, Options,
    order::{by_path, labels},
    placing::{Before, Start},
    survey::{Asked, Survey, metadata_start, modified},
    wall::{Meaning, Told, from_names, from_recorder},
};
use crate::{domain::WallOrigin, libav::Input};

/// When a file was last written is when it ended, where it is off by no more.
const WRITTEN: Duration = Duration::from_secs(60);

/// A file that waits for its turn.
pub(super) struct Planned {
    pub path: PathBuf,
    /// What it is called: see [`labels`].
    pub label: String,
    pub start: Option<Start>,
    /// Whether what it says of itself may be asked for a start.
    pub ask: bool,
    /// What is known of the files before it, where they are passed over.
    pub before: Option<Option<Before>>,
    told: Option<Told>,
    about: About,
}

/// What is known of a file beside its start, where that mattered.
#[derive(Clone, Copy, Default)]
struct About {
    modified: Option<Timestamp>,
    lasts: SignedDuration,
}

impl Planned {
    /// Whether its name does not tell for sure when it began.
    fn is_unsure(&self) -> bool {
        !matches!(self.told, Some(Told { meaning: Meaning::Once(_), .. }))
    }
}

/// Files in the order in which they are read.
pub(super) struct Plan {
    pub files: Vec<Planned>,
    /// The file that is the first of those whose order is doubtful.
    pub doubtful: Option<String>,
}

/// Orders the files by their start on the wall and notes what is known of it. One of which no start is known follows the one
/// that is before it by path, wherever that is.
pub(super) fn plan(files: Vec<PathBuf>, options: &Options) -> Plan {
    let planned = named(&files, options);
    // A single file is opened once, in its turn.
    let ask = planned.len() > 1;
    let asked = planned.iter().map(|file| match (file.is_unsure(), ask) {
        (true, true) => Asked::of(&file.path, options),
        (true, false) => Asked { modified: modified(&file.path), ..Asked::default() },
        (false, _) => Asked::default(),
    });
    let asked = asked.collect();
    order(planned, asked, options)
}

/// The same of files that were asked already.
pub(super) fn plan_surveyed(survey: Survey, options: &Options) -> Plan {
    let (files, asked): (Vec<PathBuf>, Vec<Asked>) = survey.files.into_iter().unzip();
    let asked = match asked[..] {
        [asked] => vec![Asked { modified: asked.modified, ..Asked::default() }],
        _ => asked,
    };
    order(named(&files, options), asked, options)
}

/// The files with what their names tell.
fn named(files: &[PathBuf], options: &Options) -> Vec<Planned> {
    let several = files.len() > 1;
    let mut planned: Vec<Planned> = labels(files)
        .into_iter()
        .zip(files)
        .map(|(label, path)| {
            let told = from_names(path, &options.zone);
            let path = path.clone();
            Planned { path, label, start: None, ask: !several, before: None, told, about: About::default() }
        })
        .collect();
    refuse_counters(&mut planned);
    planned
}

/// `asked` is what each of them says of itself, where its name does not tell for sure.
fn order(mut planned: Vec<Planned>, asked: Vec<Asked>, options: &Options) -> Plan {
    for (file, asked) in planned.iter_mut().zip(asked) {
        if file.is_unsure() {
            let lasts = SignedDuration::from_micros(asked.lasts.unwrap_or(0));
            file.about = About { modified: asked.modified, lasts };
            file.told = file.told.or(asked.recorder);
        }
        file.start = file.told.map(|told| start(&told, told.meaning.usual())).or(asked.made);
    }
    planned.sort_by(|a, b| by_path(&a.path, &b.path));
    choose_passes(&mut planned);
    let doubtful = doubtful(&planned);
    let mut after = None;
    let keyed = planned.into_iter().map(|file| {
        after = file.start.map(|start| start.wall).or(after);
        (after, file)
    });
    let mut keyed: Vec<(Option<Timestamp>, Planned)> = keyed.collect();
    keyed.sort_by_key(|(after, _)| *after);
    let mut planned: Vec<Planned> = keyed.into_iter().map(|(_, file)| file).collect();
    if let Some(given) = options.start {
        shift(&mut planned, given);
    }
    Plan { files: planned, doubtful }
}

/// When a file says itself that it began; its recorder's clock counts before its metadata.
pub(super) fn own_start(input: &mut Input, options: &Options) -> Option<Start> {
    let told = from_recorder(input, &options.zone);
    told.map(|told| start(&told, told.meaning.usual())).or_else(|| metadata_start(input))
}

/// No footage is skipped on the strength of a time that can mean two moments, or is not told to the second.
fn start(told: &Told, wall: Timestamp) -> Start {
    let trusted = told.sure && matches!(told.meaning, Meaning::Once(_));
    Start { wall, origin: told.origin, trusted }
}

/// Six digits in the folder of a day are the time of day, unless they count the files: then two lie one apart.
fn refuse_counters(planned: &mut [Planned]) {
    let bare =
        |file: &Planned| file.told.filter(|told| told.bare).map(|told| told.meaning.usual().as_second());
    let mut times: Vec<(Option<PathBuf>, i64)> = planned
        .iter()
        .filter_map(|file| Some((file.path.parent().map(Path::to_owned), bare(file)?)))
        .collect();
    times.sort();
    let counted: Vec<Option<PathBuf>> = times
        .iter()
        .zip(times.iter().skip(1))
        .filter(|((a, first), (b, second))| a == b && second - first <= 1)
        .map(|((folder, _), _)| folder.clone())
        .collect();
    for file in planned.iter_mut().filter(|file| file.told.is_some_and(|told| told.bare)) {
        if counted.contains(&file.path.parent().map(Path::to_owned)) {
            file.told = None;
        }
    }
}

/// Where a clock shows an hour twice, chooses which of both a file is of: the one after which it was last written; else the
/// second where its clock goes back, or where the file before it in the first is not over.
fn choose_passes(planned: &mut [Planned]) {
    let mut before: Option<Timestamp> = None;
    let mut first_ends: Option<Timestamp> = None;
    for file in planned {
        let Some(told) = file.told else { continue };
        let Meaning::Either { sooner, later, usual } = told.meaning else { continue };
        let twice = sooner == usual;
        let written = |begins: Timestamp| {
            let ends = begins.checked_add(file.about.lasts).unwrap_or(begins);
            file.about.modified.is_some_and(|at| at.duration_since(ends).unsigned_abs() <= WRITTEN)
        };
        let same_hour = before.filter(|at| {
            sooner.duration_since(*at).unsigned_abs() < later.duration_since(sooner).unsigned_abs()
        });
        let second = match (written(sooner), written(later), same_hour) {
            (true, false, _) => false,
            (false, true, _) => true,
            _ if !twice => continue,
            (_, _, Some(at)) if sooner < at => true,
            _ if first_ends.is_some_and(|ends| ends.duration_since(sooner) > to_signed(HOLE)) => true,
            _ => false,
        };
        if !second {
            first_ends = sooner.checked_add(file.about.lasts).ok();
        }
        let wall = if second { later } else { sooner };
        before = Some(sooner);
        file.start = Some(start(&told, wall));
    }
}

fn to_signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// The first of two files of which nothing tells when they began, where something speaks against the order of their paths:
/// it was written well after the other, though not because both were copied in the order of the alphabet; or their folders
/// differ in words.
fn doubtful(planned: &[Planned]) -> Option<String> {
    let unknown: Vec<&Planned> = planned.iter().filter(|file| file.start.is_none()).collect();
    let pairs = || unknown.iter().zip(unknown.iter().skip(1));
    // How long after the first the second was written, in halves of the length of the first.
    let later = |a: &Planned, b: &Planned| -> Option<i64> {
        let apart = b.about.modified?.duration_since(a.about.modified?).as_millis();
        let half = (a.about.lasts.as_millis() / 2).max(2_000);
        i64::try_from(apart / half).ok()
    };
    let mut copied = unknown.clone();
    copied.sort_by_key(|file| file.about.modified);
    let alphabetical = copied.iter().zip(copied.iter().skip(1)).all(|(a, b)| a.path < b.path);
    let against = |a: &Planned, b: &Planned| !alphabetical && later(a, b).is_some_and(|halves| halves < 0);
    let words = |a: &Planned, b: &Planned| {
        shape(a.path.parent()) != shape(b.path.parent()) && later(a, b).is_none_or(|halves| halves < 1)
    };
    pairs().find(|(a, b)| against(a, b) || words(a, b)).map(|(a, _)| a.label.clone())
}

/// A path without its numbers.
fn shape(path: Option<&Path>) -> String {
    let text = path.map(|path| crate::files::shown(path.as_os_str())).unwrap_or_default();
    text.split(|c: char| c.is_ascii_digit()).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join("0")
}

/// Moves the files so that the first begins when it was said to.
fn shift(planned: &mut [Planned], given: Timestamp) {
    let Some(first) = planned.first().map(|p| p.start) else { return };
    let by = first.map(|f| given.duration_since(f.wall));
    for (i, file) in planned.iter_mut().enumerate() {
        let trusted = file.start.is_some_and(|s| s.trusted);
        let moved = match (by, file.start) {
            _ if i == 0 => Some(given),
            (Some(by), Some(start)) => start.wall.checked_add(by).ok(),
            _ => None,
        };
        file.start = moved.map(|wall| Start { wall, origin: WallOrigin::Given, trusted });
        file.ask = false;
    }
}
