//! Cameras that may bring the program down: one stream that means harm is not to end the watch of all others again and again.
//!
//! What the program is at work on is noted ([`crate::at_work`]). A camera that was at three ends in a row which were none of the
//! program's own is set aside for a day, or until its settings are others. Meanwhile cameras that were at the last such end begin one
//! after the other, so that the next one tells more.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    at_work,
    config::{Camera, SourceAddress},
    domain::CameraId,
    files,
};

/// What the program is at work on.
const AT_WORK: &str = "at-work";
/// What is known of earlier ends.
const KNOWN: &str = "suspects.json";
/// After so many ends in a row a camera is set aside.
const ENDS: u32 = 3;
/// For so long.
const ASIDE: SignedDuration = SignedDuration::from_hours(24);
/// Suspects begin so far apart.
pub(super) const APART: Duration = Duration::from_secs(5);

/// What is known of cameras at ends of the program that were not its own.
pub(super) struct Suspects {
    folder: PathBuf,
    known: Known,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    /// Which start of the machine the program ran in.
    boot: String,
    cameras: BTreeMap<CameraId, Suspect>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Suspect {
    /// At so many ends in a row the program was at work on it.
    ends: u32,
    /// When it was set aside, if it was.
    aside: Option<Timestamp>,
    /// Of its settings then.
    settings: String,
}

/// No more of what is kept is read: some hundred bytes for each camera.
const MOST: u64 = 4 << 20;

impl Suspects {
    /// Learns how the program ended that had this folder before, and notes from now on what this one is at work on. A folder that
    /// cannot be written is told: then nothing is known at the next start.
    pub fn open(folder: &Path, boot: &str) -> Self {
        let suspects = Self::learn(folder, boot);
        let kept = suspects.write().and_then(|()| at_work::keep_in(&folder.join(AT_WORK)));
        if let Err(error) = kept {
            let reason = files::reason(&error);
            tracing::warn!("which cameras are opened cannot be noted in {}: {reason}", folder.display());
        }
        suspects
    }

    fn learn(folder: &Path, boot: &str) -> Self {
        let read = files::open(&folder.join(KNOWN)).ok();
        let read = read.map(|file| serde_json::from_reader(io::BufReader::new(file.take(MOST))));
        let mut known: Known = read.and_then(Result::ok).unwrap_or_default();
        let notes = folder.join(AT_WORK);
        if notes.exists() {
            // The machine's own end is no camera's fault: what was noted then says nothing.
            let at_work = if known.boot == boot { at_work::read(&notes) } else { Vec::new() };
            known.ended(&at_work);
        }
        boot.clone_into(&mut known.boot);
        Self { folder: folder.to_owned(), known }
    }

    /// The program ends by itself: no camera has brought it down.
    pub fn close(&mut self) {
        at_work::keep_no_more();
        let _ = fs::remove_file(self.folder.join(AT_WORK));
        self.known.ended(&[]);
        let _ = self.write();
    }

    /// At how many ends in a row the program was at work on a camera.
    pub fn ends(&self, camera: &CameraId) -> u32 {
        self.known.cameras.get(camera).map_or(0, |suspect| suspect.ends)
    }

    /// Since when a camera is set aside, if it is at `now` or is to be.
    pub fn aside(&mut self, camera: &Camera, now: Timestamp) -> Option<Timestamp> {
        // A recording that is played in the place of a camera is the owner's own, and always at work.
        if matches!(camera.source, SourceAddress::Recording { .. }) {
            return None;
        }
        let suspect = self.known.cameras.get_mut(&camera.id)?;
        let settings = digest(camera);
        let is_over = |since: Timestamp| {
            let lasted = now.duration_since(since);
            suspect.settings != settings || lasted >= ASIDE || lasted.is_negative()
        };
        match suspect.aside {
            Some(since) if is_over(since) => {
                tracing::warn!("camera {}: it was set aside, and is tried again", camera.id);
                self.known.cameras.remove(&camera.id);
            }
            Some(since) => return Some(since),
            None if suspect.ends < ENDS => return None,
            None => *suspect = Suspect { ends: 0, aside: Some(now), settings },
        }
        if let Err(error) = self.write() {
            tracing::warn!("which cameras are set aside cannot be kept: {}", files::reason(&error));
        }
        self.known.cameras.get(&camera.id).and_then(|suspect| suspect.aside)
    }

    fn write(&self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.known)?;
        files::write(&self.folder.join(KNOWN), &text)
    }
}

impl Known {
    /// The program ended while it was at work on these.
    fn ended(&mut self, at_work: &[String]) {
        for camera in at_work.iter().filter_map(|id| CameraId::new(id).ok()) {
            self.cameras.entry(camera).or_default();
        }
        for (camera, suspect) in &mut self.cameras {
            let was_at = at_work.iter().any(|id| id == camera.as_str());
            suspect.ends = if was_at { suspect.ends.saturating_add(1) } else { 0 };
        }
        self.cameras.retain(|_, suspect| *suspect != Suspect::default());
    }
}

/// Until when a camera is set aside that is since then.
pub(super) fn until(since: Timestamp) -> Timestamp {
    since.checked_add(ASIDE).unwrap_or(since)
}

/// Which start of the machine this is.
pub(super) fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// The SHA-256 of a camera's settings, without its password. Plain data can always be written.
fn digest(camera: &Camera) -> String {
    serde_json::to_vec(camera).map_or_else(|_| String::new(), |written| files::sha256(&written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn cameras(keys: &str) -> Vec<Camera> {
        let camera = |id: &str| {
            format!(
                "[[camera]]\nid = \"{id}\"\nsource = \"rtsp://10.2.0.31/{id}\"\n{keys}[[camera.rule]]\n\
                 kind = \"control_room_unattended\"\n"
            )
        };
        let text = format!("[site]\nid = \"s\"\n{}{}", camera("bad"), camera("good"));
        Config::parse(&text, Path::new(""), &|_| None).expect("it is sound").cameras
    }

    fn wall(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000 + hour)
    }

    /// Several in a row, of which each but the last is ended from without while these are at work.
    struct Box(tempfile::TempDir);

    impl Box {
        fn ends(&self, at_work: &[&str]) {
            let slots = at_work.iter().map(|id| format!("{id:79}\n")).collect::<String>();
            fs::write(self.0.path().join(AT_WORK), slots).expect("written");
        }

        fn starts(&self, boot: &str) -> Suspects {
            let suspects = Suspects::learn(self.0.path(), boot);
            suspects.write().expect("written");
            suspects
        }
    }

    fn folder() -> Box {
        Box(tempfile::tempdir().expect("a folder"))
    }

    #[test]
    fn a_recording_that_is_played_is_never_set_aside() {
        let (mut all, its) = (cameras(""), folder());
        let mut suspects = its.starts("one");
        for _ in 0..5 {
            its.ends(&["bad"]);
            suspects = its.starts("one");
        }
        all[0].source = SourceAddress::new("bad.mp4".to_owned(), Path::new(""));
        assert_eq!(suspects.aside(&all[0], wall(0)), None);
        all[0].source = SourceAddress::new("rtsp://10.2.0.31/bad".to_owned(), Path::new(""));
        assert!(suspects.aside(&all[0], wall(0)).is_some());
    }

    #[test]
    fn a_camera_at_three_ends_in_a_row_is_set_aside_for_a_day_and_others_are_not() {
        let (all, its) = (cameras(""), folder());
        let (bad, good) = (&all[0], &all[1]);
        let mut suspects = its.starts("one");
        for (end, at_work) in [&["bad", "good"][..], &["bad"], &["bad", "good"]].into_iter().enumerate() {
            assert_eq!(suspects.aside(bad, wall(0)), None, "{end}");
            its.ends(at_work);
            suspects = its.starts("one");
        }
        assert_eq!((suspects.ends(&bad.id), suspects.ends(&good.id)), (3, 1));
        assert_eq!((suspects.aside(bad, wall(1)), suspects.aside(good, wall(1))), (Some(wall(1)), None));
        // That is known after another start, and is over after a day.
        its.ends(&[]);
        suspects = its.starts("two");
        assert_eq!(suspects.aside(bad, wall(20)), Some(wall(1)));
        assert_eq!(suspects.aside(bad, wall(26)), None);
        assert_eq!(suspects.aside(bad, wall(27)), None);
    }

    #[test]
    fn other_settings_or_an_end_without_it_let_a_camera_begin_again() {
        let (all, changed, its) = (cameras(""), cameras("open_timeout = \"20s\"\n"), folder());
        let three = |suspects: &mut Suspects| {
            for _ in 0..3 {
                its.ends(&["bad"]);
                *suspects = its.starts("one");
            }
        };
        let mut suspects = its.starts("one");
        three(&mut suspects);
        assert_eq!(suspects.aside(&all[0], wall(0)), Some(wall(0)));
        assert_eq!(suspects.aside(&changed[0], wall(1)), None);
        assert_eq!(suspects.aside(&all[0], wall(2)), None, "that is forgotten");
        for at_work in [&["bad"][..], &["bad"], &[], &["bad"]] {
            its.ends(at_work);
            suspects = its.starts("one");
        }
        assert_eq!((suspects.ends(&all[0].id), suspects.aside(&all[0], wall(3))), (1, None));
    }

    #[test]
    fn the_end_of_the_machine_is_no_camera_s_fault() {
        let (all, its) = (cameras(""), folder());
        let mut suspects = its.starts("zero");
        for boot in ["one", "two", "three", "four"] {
            its.ends(&["bad", "good"]);
            suspects = its.starts(boot);
        }
        assert_eq!((suspects.ends(&all[0].id), suspects.aside(&all[0], wall(0))), (0, None));
    }
}
