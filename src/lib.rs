//! Firewarden watches the cameras of a building for three fire-safety violations: a vehicle parked in a fire lane, a
//! fire control room whose staff have left their post, an e-bike taken into an elevator.
//!
//! Data moves one way. A module may use those to its left and the leaves, never those to its right:
//!
//! ```text
//!  source ──► decode ──► vision · detect ──► track ──► rules ──► ledger ───► evidence ──────► deliver
//!  groups of  wanted     scene    detections  tracks   findings  commits     stills, clips    alerts
//!  pictures   frames     state                         violations
//!  └───────── I/O, codecs, ONNX Runtime ──────┘└ pure, same input ─┘└───────────── I/O ─────────────┘
//!                                               same output
//!
//!  of a live camera:
//!
//!  camera ◄─► source/rtsp ◄─► source/live ──► engine ──► judge ──► ledger/database ──► deliver
//!             guard           epochs, gaps,   looks        │ rules  one commit a step   sinks, in order,
//!             before FFmpeg   one media time               │        state, outbox       at least once
//!                               │                          │          ▲
//!                               └──► evidence/live ◄───────┤          │
//!                                    ring ──► stills, clips ──────────┘
//!                                                          └──► ledger/days: the looks of each day
//!
//!  looks      which looks are taken when: pure
//!  kinds      one folder per kind of violation: its settings and words, which are leaves, and its rule
//!  health     what is told of a camera: offline, obstructed, moved, clock, key frames, and the end of each
//!  judge      trackers, rules and book of one camera, which live, batch and replay share
//!  eval       violations compared with what really happened
//!  ledger     the one way by which what comes of a camera leaves it; database: what a live box must not forget; days: its looks
//!  results    the folder of a result: written, read again, proven unchanged
//!  engine     a camera as a state machine, the workers that look for it
//!  glimpse    cameras that are opened and looked at for a while, of which nothing is kept
//!  report     the page and the table that people read
//!  batch      the analysis of recordings
//!  deliver    alerts from the database to sinks, files to where they are put: all retrying is here
//!  reactions  what is done on the spot: siren, voice, relay
//!  service    live cameras, watched until the program is to end; reload
//!  console    how a box does, by HTTP
//!  cli        one file per command
//!  leaves     address · pulse · geometry · domain · files · at_work · lock · stop · clock · say · telemetry · authorities · libav · duration · words · config · catalog
//! ```
//!
//! The feature `edge`, which is on by default, has what needs codecs and models, and connections: authorities, batch, catalog, console, decode, deliver, detect,
//! engine, evidence, glimpse, libav, lock, reactions, service, source, vision and parts of ledger, looks and cli. The rest is built without it for the
//! platform's side (feature `hub`). Loops over pixels are a crate of their own, in `src/pixels`.
//!
//! The seam is the [`domain::Observation`]: all that crosses from the machine-learning half to the rules. Recorded
//! observations therefore replay in milliseconds. "Looked and saw none" is an observation without detections;
//! "could not look" is a [`domain::Gap`], and is never emptiness.
//!
//! What flows against the stream is only [`domain::Attention`]: a rule's wish to look more often for a while. Looks
//! asked for at media time t apply from t on, so what is looked at in a recording is a function of the recording
//! and the configuration, never of timing or of the number of threads. A live camera cannot wait: where there is no time, the newest
//! wanted look takes the place of the one that waits, and that is a gap.
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
//! | health | what is told of a camera beside violations: once it has lasted, and again once it is over |
//! | clarity | whether a picture shows what is there: dark, blinded, covered, blurred and frozen ones do not |
//! | candidate | what may become a violation and is not raised |
//! | violation | what is reported: raised once, ended once, one id |
//! | state | what a camera knows, saved so that a restart forgets nothing |
//! | digest | the SHA-256 of all settings that decide what a rule finds: only under the same is its state of use |
//! | step | all that one event led to: a ledger keeps it as a whole |
//! | guard, [`source::rtsp`] | what stands before FFmpeg, bounds what a camera sends and remembers what it refused |
//! | relay | the guard's part for one connection: FFmpeg dials it, it dials the camera |
//! | mark, [`source::rtsp::is_marked`] | what the guard puts into a stream where packets were lost |
//! | dial | how a connection is made: to a camera, or to a recording that is played in its place |
//! | timeline | a camera's media time by the monotonic clock, where no pictures come |
//! | trouble, remedy | why a camera is not connected, and what helps |
//! | alert | what is told of a violation, a camera or a box |
//! | outbox | the alerts that sinks are to have; its id names what `sequence` counts in |
//! | held | of an alert: written down, and waiting for its still, for two seconds at most |
//! | sink | who is given alerts |
//! | lane | what waits for one sink of one camera: the next is given once the sink has the one before |
//! | dead letter | an alert that a sink refuses for good |
//! | beat | a sign of life of the box |
//! | reaction | what is done on the spot, waiting for nothing |
//! | ring | the last pictures of a live camera, in memory |
//! | keeper | what stands beside a live camera and keeps its evidence, or its looks |
//! | roster | which cameras are watched |
//! | post | one camera's thread |
//! | shift | what holds while the same models are wanted |
//! | pulse | what a thread is doing, and how long that may take: one that stands still is found by it |
//! | suspect | a camera that the program was at work on when it was brought down; at three such ends in a row it is set aside |
//! | board | what is known of all cameras now, for whoever asks |
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
//! [`cli`] `analyze` puts everything together for recordings, and `service` for live cameras; [`engine`] shows the threads; [`rules`]
//! decides.

#![deny(unsafe_code)]

pub mod address;
pub mod at_work;
#[cfg(feature = "edge")]
pub mod authorities;
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
#[cfg(feature = "edge")]
pub mod glimpse;
pub mod health;
pub mod judge;
pub mod kinds;
pub mod ledger;
#[cfg(feature = "edge")]
#[allow(unsafe_code, reason = "FFmpeg is a library in C")]
pub mod libav;
#[cfg(feature = "edge")]
pub mod lock;
pub mod looks;
pub mod pulse;
#[cfg(feature = "edge")]
pub mod reactions;
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
