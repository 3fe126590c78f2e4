//! What cameras show, made by FFmpeg once and kept.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::words::Result;

/// Pictures a second.
pub const RATE: u32 = 25;
/// A pass lasts so long: whole groups, so that a repetition begins with a key frame in its turn.
const PASS: u32 = 80;

/// As a camera codes: 4 Mbit/s with little room above, a key frame each two seconds, no B-frames.
pub const STEADY: &str = "-c:v libx264 -preset veryfast -sc_threshold 0 -b:v 4M -maxrate 4M -bufsize 8M -g 50 -keyint_min 50 -bf 0 \
                          -pix_fmt yuv420p -an";
/// The same where bits are not spent for nothing.
const QUIET: &str = "-c:v libx264 -preset veryfast -sc_threshold 0 -crf 23 -maxrate 4M -bufsize 8M -g 50 -keyint_min 50 -bf 0 \
                     -pix_fmt yuv420p -an";
/// A room before anybody enters it: five seconds there and back, so that no repetition shows a jump.
const EMPTY: &str = "trim=0:5,setpts=PTS-STARTPTS,split[there][back];[back]reverse[back];[there][back]concat,loop=-1:1000,\
                     setpts=N/FRAME_RATE/TB,";

/// A scene, as a recording and as a raw stream.
#[derive(Debug, Clone)]
pub struct Clip {
    pub recording: PathBuf,
    pub raw: PathBuf,
}

/// A street with people walking all the time.
pub fn busy(footage: &Path, kept: &Path) -> Result<Clip> {
    scene(&footage.join("vtest.avi"), kept, "load-busy", "", STEADY)
}

/// A room in which nothing moves.
pub fn quiet(footage: &Path, kept: &Path) -> Result<Clip> {
    scene(&footage.join("one-by-one-person-detection.mp4"), kept, "load-quiet", EMPTY, QUIET)
}

fn scene(source: &Path, kept: &Path, name: &str, before: &str, how: &str) -> Result<Clip> {
    fs::create_dir_all(kept)?;
    let clip = Clip { recording: kept.join(format!("{name}.mp4")), raw: kept.join(format!("{name}.h264")) };
    if !clip.recording.is_file() {
        if !source.is_file() {
            return Err(format!(
                "{} is not there: `firewarden models pull --footage` fetches it",
                source.display()
            )
            .into());
        }
        eprintln!("encoding {PASS} s of {name} (up to some minutes, once)");
        let filter = format!("{before}scale=1920:1080,fps={RATE}");
        let mut words = vec!["-stream_loop", "-1", "-i"];
        let (source, length) = (source.display().to_string(), PASS.to_string());
        words.extend([source.as_str(), "-t", &length, "-vf", &filter]);
        words.extend(how.split_whitespace());
        ffmpeg(&words, &clip.recording)?;
    }
    if !clip.raw.is_file() {
        let recording = clip.recording.display().to_string();
        ffmpeg(&["-i", &recording, "-c", "copy", "-bsf:v", "h264_mp4toannexb"], &clip.raw)?;
    }
    Ok(clip)
}

/// The recording over and over, for so long.
pub fn lasting(clip: &Clip, length: Duration) -> Result<PathBuf> {
    let seconds = length.as_secs().to_string();
    let name = clip.recording.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let path = clip.recording.with_file_name(format!("{name}-{seconds}s.mp4"));
    if !path.is_file() {
        let recording = clip.recording.display().to_string();
        ffmpeg(&["-stream_loop", "-1", "-i", &recording, "-t", &seconds, "-c", "copy"], &path)?;
    }
    Ok(path)
}

/// Makes a file, which appears only once it is whole.
pub fn ffmpeg(words: &[&str], path: &Path) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let partial = path.with_file_name(format!("partial-{name}"));
    let status =
        Command::new("ffmpeg").args(["-v", "error", "-nostdin", "-y"]).args(words).arg(&partial).status()?;
    if !status.success() {
        return Err(format!("ffmpeg cannot make {}", path.display()).into());
    }
    Ok(fs::rename(partial, path)?)
}
