//! Firewarden watches the cameras of a building for three fire-safety violations: a vehicle parked in a fire lane, a
//! fire control room whose staff have left their post, an e-bike taken into an elevator.
//!
//! Data moves one way. A module may use those to its left and the leaves, never those to its right:
//!
//! ```text
//!  source ──► decode ──► vision · detect ──► track ──► rules ──► evidence
//!  groups of  wanted     scene    detections  tracks   findings  stills, clips
//!  pictures   frames     state                         violations
//!  └───────── I/O, codecs, ONNX Runtime ──────┘└ pure, same input ─┘└ I/O ┘
//!                                               same output
//!
//!  looks      which looks are taken when: pure
//!  kinds      one folder per kind of violation: its settings and words, which are leaves, and its rule
//!  judge      trackers, rules and book of one camera, which live, batch and replay share
//!  eval       violations compared with what really happened
//!  ledger     the one way by which what comes of a camera leaves it
//!  results    the folder of a result: written, read again, proven unchanged
//!  engine     a camera as a state machine, the workers that look for it
//!  report     the page and the table that people read
//!  batch      the analysis of recordings
//!  cli        one file per command
//!  leaves     address · geometry · domain · files · stop · clock · say · telemetry · libav · duration · words · config · catalog
//! ```
//!
//! The feature `edge`, which is on by default, has what needs codecs and models: batch, catalog, decode, detect, engine, evidence,
//! libav, source, vision and parts of looks and cli. The rest is built without it for the platform's side (feature `hub`). Loops
//! over pixels are a crate of their own, in `src/pixels`.
//!
//! The seam is the [`domain::Observation`]: all that crosses from the machine-learning half to the rules. Recorded
//! observations therefore replay in milliseconds. "Looked and saw none" is an observation without detections;
//! "could not look" is a [`domain::Gap`], and is never emptiness.
//!
//! What flows against the stream is only [`domain::Attention`]: a rule's wish to look more often for a while. Looks
//! asked for at media time t apply from t on, so what is looked at in a recording is a function of the recording
//! and the configuration, never of timing or of the number of threads.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | source | where a camera's packets come from |
//! | epoch | one unbroken connection or file |
//! | group of pictures, [`source::Gop`] | a key frame's packet and those up to the next: the unit of decoding |
//! | survey | what a camera's files say of themselves, asked once |
//! | trail | where each of these files lies, noted for a second reading |
//! | look | one frame analysed |
//! | strand | one detector of a camera and the looks it takes |
//! | detection | something found in a look: class, confidence, bbox |
//! | anchor | bottom centre of a bbox: where a thing touches the ground |
//! | zone | the part of the picture that a rule watches |
//! | dwell, grace | how long a vehicle may stand, how long a post may be short |
//! | stay | something standing at a place |
//! | observation | all that one look told |
//! | gap | a spell in which nobody could look |
//! | attention | a rule's wish to look more often |
//! | tick | time that passes, whether or not anything is looked at |
//! | clarity | whether a picture shows what is there: dark, covered, blurred and frozen ones do not |
//! | candidate | what may become a violation and is not raised |
//! | violation | what is reported: raised once, ended once, one id |
//! | state | what a camera knows, saved so that a restart forgets nothing |
//! | digest | the SHA-256 of all settings that decide what a rule finds: only under the same is its state of use |
//! | step | all that one event led to: a ledger keeps it as a whole |
//! | journal | where a run notes violations each time one changes, until they are listed |
//! | outcome | what became of a camera, its violations apart |
//! | evidence | files that show a violation |
//! | still | a picture of one of its moments |
//! | clip | packets copied from the recording around the moment it was raised |
//! | manifest | the list of all files of evidence, with their hashes |
//! | presence | what a rule saw in its zone at a look, for people to read |
//! | spell | a time during which there really was a violation, as a person wrote it down |
//!
//! # Where to begin reading
//!
//! [`cli`] `analyze` puts everything together; [`engine`] shows the threads; [`rules`] decides.

#![deny(unsafe_code)]

pub mod address;
#[cfg(feature = "edge")]
pub mod batch;
#[cfg(feature = "edge")]
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(feature = "edge")]
pub mod console;
#[cfg(feature = "edge")]
pub mod decode;
#[cfg(feature = "edge")]
pub mod deliver;
#[cfg(feature = "edge")]
pub mod detect;
pub mod domain;
pub mod duration;
#[cfg(feature = "edge")]
pub mod engine;
pub mod eval;
#[cfg(feature = "edge")]
pub mod evidence;
pub mod files;
pub mod geometry;
pub mod judge;
pub mod kinds;
pub mod ledger;
#[cfg(feature = "edge")]
#[allow(unsafe_code, reason = "FFmpeg is a library in C")]
pub mod libav;
pub mod looks;
pub mod report;
pub mod results;
pub mod rules;
pub mod say;
#[cfg(feature = "edge")]
pub mod service;
#[cfg(feature = "edge")]
pub mod source;
pub mod stop;
pub mod telemetry;
pub mod track;
#[cfg(feature = "edge")]
pub mod vision;
pub mod words;
