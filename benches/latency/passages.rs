//! E-bikes that are brought in one after the other: parts of films, put together as one that a camera shows.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::watch::{
    clips::{RATE, STEADY},
    words::Result,
};

/// So many pictures of the elevator come before an e-bike is inside, at least: the one before is gone for longer than `rearm`.
const BEFORE: usize = 6 * RATE as usize;
/// So many pictures more at most: whole spans between two key frames.
const MORE: usize = 50;
/// So many come after that: time enough to be told of.
const AFTER: usize = 8 * RATE as usize;
/// Before the first, so that the camera is connected to and known.
const LEAD: usize = 12 * RATE as usize;

const SIZE: (usize, usize) = (1280, 720);

/// A film with an e-bike in it.
#[derive(Debug, Clone)]
pub struct Film {
    pub name: String,
    pub path: PathBuf,
    /// When the e-bike is wholly inside, in seconds.
    pub inside: f64,
}

/// Every film of a folder.
pub fn films(folder: &Path) -> Result<Vec<Film>> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "mp4"));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{}: there is no film (.mp4)", folder.display()).into());
    }
    paths.iter().map(|path| Film::beside(path)).collect()
}

impl Film {
    /// A film and the truth that lies beside it.
    pub fn beside(path: &Path) -> Result<Self> {
        let truth = path.with_extension("csv");
        let text = fs::read_to_string(&truth).map_err(|error| {
            format!("{}: {error}: what is true of {} must be known", truth.display(), path.display())
        })?;
        let first = text.lines().skip(1).map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
        let first = first
            .filter(|fields| fields.get(1) == Some(&"ebike_in_elevator"))
            .find_map(|fields| fields.get(2)?.parse().ok());
        let inside = first.ok_or_else(|| format!("{}: it names no e-bike", truth.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, path: path.to_owned(), inside })
    }

    /// Gives an encoder so many of its pictures before the e-bike is inside, and after. Where the film begins later, its first picture
    /// is shown for longer.
    fn show(&self, before: usize, to: &mut impl Write) -> Result<()> {
        let wanted = before as f64 / f64::from(RATE);
        let from = (self.inside - wanted).max(0.0);
        let missing = ((wanted - self.inside).max(0.0) * f64::from(RATE)).round() as usize;
        let filter = format!("fps={RATE}:start_time=0,scale={}:{}", SIZE.0, SIZE.1);
        let (from, film) = (from.to_string(), self.path.display().to_string());
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-ss", &from, "-i", &film, "-an", "-vf", &filter]);
        command.args([
            "-frames:v",
            &(before - missing + AFTER).to_string(),
            "-f",
            "rawvideo",
            "-pix_fmt",
            "yuv420p",
            "-",
        ]);
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut pictures = child.stdout.take().ok_or("no pipe")?;
        let mut picture = vec![0; SIZE.0 * SIZE.1 * 3 / 2];
        let mut shown = 0;
        while pictures.read_exact(&mut picture).is_ok() {
            let times = if shown == 0 { missing + 1 } else { 1 };
            for _ in 0..times {
                to.write_all(&picture)?;
            }
            shown += times;
        }
        if !child.wait()?.success() || shown == 0 {
            return Err(format!("{} cannot be read", self.path.display()).into());
        }
        // One that ends sooner stands still.
        for _ in shown..before + AFTER {
            to.write_all(&picture)?;
        }
        Ok(())
    }
}

/// What one camera shows.
pub struct Reel {
    pub raw: PathBuf,
    pub pictures: usize,
    /// Each film, and the picture with which its e-bike is inside.
    inside: Vec<(Film, usize)>,
}

impl Reel {
    /// Puts films together, each beginning at a moment of chance, and encodes them.
    pub fn make(films: Vec<Film>, raw: &Path, chance: &mut fastrand::Rng) -> Result<Self> {
        let size = format!("{}x{}", SIZE.0, SIZE.1);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size]);
        command.args(["-r", &RATE.to_string(), "-i", "pipe:0"]).args(STEADY.split_whitespace()).arg(raw);
        let mut child = command.stdin(Stdio::piped()).spawn()?;
        let mut to = child.stdin.take().ok_or("no pipe")?;
        let (mut pictures, mut inside) = (0, Vec::new());
        for film in films {
            let lead = if pictures == 0 { LEAD } else { 0 };
            let before = lead + BEFORE + chance.usize(..MORE);
            film.show(before, &mut to)?;
            inside.push((film, pictures + before));
            pictures += before + AFTER;
        }
        drop(to);
        if !child.wait()?.success() {
            return Err("the films cannot be encoded".into());
        }
        Ok(Self { raw: raw.to_owned(), pictures, inside })
    }

    /// Of each e-bike: its film, the picture with which it is inside, and the one up to which it is to be told of.
    pub fn passages(&self) -> impl Iterator<Item = (&Film, usize, usize)> {
        self.inside.iter().map(|(film, inside)| (film, *inside, inside + AFTER - 1))
    }
}
