//! What is watched.

use std::{fmt::Write, path::PathBuf, time::Duration};

use crate::watch::clips::Clip;

/// What all tries have in common.
pub struct Bench {
    pub binary: PathBuf,
    pub folder: PathBuf,
    pub busy: Clip,
    pub quiet: Clip,
    pub threads: usize,
    pub seed: u64,
    /// So long after all cameras are connected it is counted from.
    pub warm: Duration,
}

impl Default for Bench {
    fn default() -> Self {
        let none = Clip { recording: PathBuf::new(), raw: PathBuf::new() };
        Self {
            binary: PathBuf::new(),
            folder: PathBuf::new(),
            busy: none.clone(),
            quiet: none,
            threads: 1,
            seed: 1,
            warm: Duration::ZERO,
        }
    }
}

/// What a camera watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Lane,
    Post,
    Elevator,
}

impl Kind {
    /// Of the camera of this number: of four in turn half are lanes.
    pub fn of(camera: usize) -> Self {
        [Self::Lane, Self::Post, Self::Lane, Self::Elevator][camera % 4]
    }

    /// Nothing lasts as long as these rules wait: stills and clips are not what is measured.
    fn rule(self) -> &'static str {
        match self {
            Self::Lane => {
                "kind = \"fire_lane_parking\"\nzone = [[0.80, 0.05], [1.00, 0.05], [1.00, 0.30], [0.80, 0.30]]\ndwell = \"1h\"\n\
                 every = \"2s\"\n"
            }
            Self::Post => {
                "kind = \"control_room_unattended\"\nrequired = 1\ngrace = \"1h\"\nevery = \"2s\"\n"
            }
            Self::Elevator => "kind = \"ebike_in_elevator\"\n",
        }
    }
}

/// What a camera is called.
pub fn name(camera: usize) -> String {
    format!("camera-{camera}")
}

/// A configuration with these sources.
pub fn configuration(sources: &[String]) -> String {
    let mut text = "[site]\nid = \"load\"\n[console]\nlisten = \"127.0.0.1:0\"\n[[sink]]\nname = \"file\"\nkind = \"file\"\n\
                    path = \"alerts.jsonl\"\n"
        .to_owned();
    for (number, source) in sources.iter().enumerate() {
        let (name, rule) = (name(number), Kind::of(number).rule());
        let _ = write!(text, "[[camera]]\nid = \"{name}\"\nsource = \"{source}\"\n[[camera.rule]]\n{rule}");
    }
    text
}
