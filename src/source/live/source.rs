//! The loop that connects to a camera again and again.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    backoff::{Backoff, HEALTHY},
    connection::{Connection, Setting, Step},
    hosts::Hosts,
    link::Link,
    losses::Losses,
    timeline::Timeline,
    trouble::{Remedy, Trouble},
};
use crate::{
    at_work,
    clock::Clock,
    config::Transport,
    domain::{CameraId, Gap, GapReason, MediaTime, When},
    pulse,
    source::{Part, Source, packets::Packets, rtsp::Relay},
    stop::Stop,
};

/// No camera may be silent for longer.
const SILENCE: Duration = Duration::from_secs(300);
/// So much beyond what it may take, a thread that reads stands still.
const STILL: Duration = Duration::from_secs(60);

/// Makes connections.
pub trait Dial: Send {
    /// The machine that is dialled; empty where it is none.
    fn host(&self) -> &str;

    /// Connects, and learns what the video is.
    ///
    /// # Errors
    /// [`Trouble`] where that fails, or took longer than it may.
    fn dial(&mut self, stop: &Stop) -> Result<Dialled, Trouble>;

    /// How long it may take to the first key frame, from when it is dialled.
    fn patience(&self) -> Duration;

    /// How long it may take from one packet to the next, once pictures come.
    fn silence(&self) -> Duration {
        SILENCE
    }

    /// Whether it begins again at its end, as a recording in a loop does; else its end is the source's.
    fn repeats(&self) -> bool;
}

/// A connection that was made.
pub struct Dialled {
    pub(super) packets: Box<dyn Packets>,
    /// What passes its bytes on, where something does: it knows best why they end.
    pub(super) relay: Option<Relay>,
}

/// What was known of a camera when the program ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Up to when it was watched.
    pub reached: When,
    /// The gap that was open then.
    pub gap: Option<Gap>,
}

/// A camera that is connected to again and again.
pub struct LiveSource {
    camera: CameraId,
    dial: Box<dyn Dial>,
    hosts: Hosts,
    clock: Arc<dyn Clock>,
    timeline: Timeline,
    link: Link,
    backoff: Backoff,
    /// This stream is not dialled before that.
    not_before: Option<Instant>,
    connected: Option<Connected>,
    /// The gap since the last picture.
    gap: Option<Gap>,
    /// The number of the next connection, and where it may begin.
    epoch: u32,
    floor: MediaTime,
    over: bool,
    ready: VecDeque<Part>,
}

struct Connected {
    connection: Connection,
    relay: Option<Relay>,
    dialled: Instant,
    /// When it said last what its clock shows.
    said: Option<Instant>,
    losses: Losses,
    /// That it is being opened; until its first pictures are there.
    opens: Option<at_work::Note>,
}

impl Connected {
    /// Notes what the camera says of its clock, each time it does.
    fn hear_clock(&mut self, link: &Link) {
        let Some(report) = self.relay.as_ref().and_then(Relay::clock) else { return };
        if self.said.replace(report.arrived) != Some(report.arrived) {
            link.clock(report.ntp.duration_since(report.wall));
        }
    }
}

impl LiveSource {
    /// A camera of which `past` is known. The time since then is a gap.
    pub fn new(
        camera: CameraId,
        dial: Box<dyn Dial>,
        hosts: Hosts,
        clock: Arc<dyn Clock>,
        past: Option<Past>,
    ) -> Self {
        let mut ready = VecDeque::new();
        let (mut epoch, mut at, mut floor, mut gap) = (0, MediaTime::ZERO, MediaTime::ZERO, None);
        if let Some(Past { reached, gap: open }) = past {
            // Where the clock was set back meanwhile, nothing tells how long it was: it was some time.
            let off = clock.wall().duration_since(reached.wall).max(jiff::SignedDuration::ZERO);
            floor = reached.at;
            at = reached.at + Duration::try_from(off).unwrap_or_default();
            epoch = reached.epoch.saturating_add(1);
            gap = Some(open.unwrap_or_else(|| {
                let (camera, from) = (camera.clone(), reached.at);
                let gap = Gap { camera, epoch: reached.epoch, from, to: None, reason: GapReason::BoxOff };
                ready.push_back(Part::GapOpened(gap.clone()));
                gap
            }));
        }
        let timeline = Timeline::new(Arc::clone(&clock), at, epoch);
        let link = Link::default();
        link.lost(None, String::new(), clock.wall());
        Self {
            camera,
            dial,
            hosts,
            clock,
            timeline,
            link,
            backoff: Backoff::default(),
            not_before: None,
            connected: None,
            gap,
            epoch,
            floor,
            over: false,
            ready,
        }
    }

    /// Its media time, which goes on where no pictures come.
    pub fn timeline(&self) -> Timeline {
        self.timeline.clone()
    }

    /// How it is connected.
    pub fn link(&self) -> Link {
        self.link.clone()
    }

    /// Waits for its turn, and connects; what it needs is told or noted. Nothing where it is to stop.
    fn connect(&mut self, stop: &Stop) {
        pulse::rests();
        let now = self.clock.monotonic();
        if let Some(wait) = self.not_before.and_then(|at| at.checked_duration_since(now)) {
            self.clock.sleep(wait, stop);
        }
        let host = self.dial.host().to_owned();
        let turn = if host.is_empty() { None } else { self.hosts.turn(&host, stop) };
        if stop.is_set() {
            return;
        }
        pulse::does("connecting", self.dial.patience() + STILL);
        let opens = Some(at_work::on(self.camera.as_str()));
        let dialled = self.clock.monotonic();
        let made = self.dial.dial(stop).and_then(|Dialled { packets, relay }| {
            let setting = Setting {
                camera: self.camera.clone(),
                clock: Arc::clone(&self.clock),
                timeline: self.timeline.clone(),
                link: self.link.clone(),
                transport: relay.as_ref().map_or(Transport::Tcp, Relay::transport),
                first: relay.as_ref().and_then(Relay::first),
                epoch: self.epoch,
                floor: self.floor,
            };
            let connection = Connection::new(setting, packets).map_err(Trouble::Libav)?;
            Ok(Connected { connection, relay, dialled, said: None, losses: Losses::default(), opens })
        });
        if stop.is_set() {
            return;
        }
        let trouble = match made {
            Ok(connected) => {
                if let Some(turn) = turn {
                    turn.answered();
                }
                self.connected = Some(connected);
                return;
            }
            Err(trouble) => trouble,
        };
        let wait = match (trouble.remedy(false), turn) {
            (Remedy::WaitForHost, Some(turn)) => turn.failed(),
            (Remedy::WaitMinutes, Some(turn)) => turn.refused(),
            (_, turn) => {
                if let Some(turn) = turn {
                    turn.answered();
                }
                let wait = self.backoff.failed();
                self.not_before = self.clock.monotonic().checked_add(wait);
                wait
            }
        };
        self.lost(&trouble, wait);
    }

    /// Reads on.
    fn read(&mut self, stop: &Stop) {
        pulse::does("reading", self.dial.silence() + STILL);
        let Some(connected) = &mut self.connected else { return };
        connected.hear_clock(&self.link);
        let Connected { connection, relay, dialled, losses, opens, .. } = connected;
        let now = self.clock.monotonic();
        let step = connection.step(&mut self.ready);
        let lost = relay.as_ref().map_or(0, Relay::lost);
        self.link.missed(losses.more(lost));
        if let Some(lost) = losses.due(lost, now) {
            tracing::warn!(
                "camera {}: {lost} packets were lost on the way by UDP; from a loss to the next key frame nothing is looked at; \
                 transport = \"tcp\" loses none",
                self.camera
            );
        }
        // What the relay knows of it says more than that nothing came.
        let refusal = || relay.as_ref().and_then(Relay::refusal).map(Trouble::Refused);
        let trouble = match step {
            Step::More if connection.began().is_some() => {
                *opens = None;
                self.close_gap();
                return;
            }
            Step::More if now.saturating_duration_since(*dialled) < self.dial.patience() => return,
            Step::More => Trouble::NoKeyFrame,
            Step::Stopped => return,
            Step::TooFast => Trouble::TooFast,
            Step::Over => refusal().unwrap_or(Trouble::Ended),
            Step::Failed(error) => refusal().unwrap_or(Trouble::Libav(error)),
        };
        if stop.is_set() {
            return;
        }
        connection.close(&mut self.ready);
        let began = connection.began();
        let healthy = began.is_some_and(|began| now.saturating_duration_since(began) >= HEALTHY);
        if began.is_some() {
            self.floor = connection.end();
            self.close_gap();
            self.epoch = self.epoch.saturating_add(1);
        }
        self.connected = None;
        if healthy {
            self.backoff.reset();
        }
        if trouble == Trouble::Ended && self.dial.host().is_empty() {
            self.over = !self.dial.repeats();
            if self.over {
                self.link.lost(None, "the recording is over".to_owned(), self.clock.wall());
            } else if began.is_none() {
                // One that holds nothing is not opened again and again without a pause.
                self.not_before = self.clock.monotonic().checked_add(Duration::from_secs(1));
            }
            return;
        }
        let wait = match trouble.remedy(began.is_some()) {
            Remedy::WaitMinutes => super::backoff::minutes(),
            _ => self.backoff.failed(),
        };
        self.not_before = self.clock.monotonic().checked_add(wait);
        self.open_gap();
        self.lost(&trouble, wait);
    }

    fn lost(&mut self, trouble: &Trouble, wait: Duration) {
        tracing::warn!("camera {}: {trouble}; next try in {:.1} s", self.camera, wait.as_secs_f64());
        self.link.lost(trouble.reason(), trouble.to_string(), self.clock.wall());
    }

    fn open_gap(&mut self) {
        if self.gap.is_none() && self.epoch > 0 {
            let gap = Gap {
                camera: self.camera.clone(),
                epoch: self.epoch - 1,
                from: self.floor,
                to: None,
                reason: GapReason::Offline,
            };
            self.ready.push_back(Part::GapOpened(gap.clone()));
            self.gap = Some(gap);
        }
    }

    /// Where pictures are back: told before the first of them.
    fn close_gap(&mut self) {
        let Some(place) = self.ready.iter().position(|part| matches!(part, Part::Epoch { .. })) else {
            return;
        };
        let Some(Part::Epoch { epoch, .. }) = self.ready.get(place) else { return };
        if let Some(gap) = self.gap.take() {
            let to = Some(epoch.from.max(gap.from));
            self.ready.insert(place, Part::GapClosed(Gap { to, ..gap }));
        }
    }
}

impl Source for LiveSource {
    fn next(&mut self, stop: &Stop) -> Option<Part> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Some(part);
            }
            if self.over || stop.is_set() {
                return None;
            }
            match self.connected {
                Some(_) => self.read(stop),
                None => self.connect(stop),
            }
        }
    }
}
