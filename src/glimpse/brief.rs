use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    domain::{MediaTime, OfflineReason},
    source::{Part, Source, live::Link},
    stop::{Signal, Stop},
};

/// A live camera that neither comes nor fails is given up after so long.
const LONGEST: Duration = Duration::from_secs(600);
/// It is looked so often whether it failed.
const NAP: Duration = Duration::from_millis(50);

/// The beginning of a source.
pub(super) struct Brief<S> {
    source: S,
    lasts: Duration,
    until: Until,
    from: Option<MediaTime>,
    /// Its own: it ends where others go on.
    stop: Stop,
    watched: bool,
}

/// What ends it before its time is over.
pub(super) enum Until {
    /// Nothing: a recording ends by itself.
    Recorded,
    /// That no pictures come of it, or that the machine it is behind refused another, which locks out whoever tries again.
    Live {
        /// How it is connected.
        link: Link,
        /// The others behind the same machine.
        beside: Vec<Link>,
    },
}

impl<S: Source> Brief<S> {
    /// The first `lasts` of a source.
    pub fn new(source: S, lasts: Duration, until: Until) -> Self {
        Self { source, lasts, until, from: None, stop: Stop::default(), watched: false }
    }

    /// Sets its own stop where it is to end, from a thread of its own: a source may wait for long.
    fn watch(&mut self, all: &Stop) {
        let Until::Live { link, beside } = &self.until else { return };
        if std::mem::replace(&mut self.watched, true) {
            return;
        }
        let (link, beside, own, all) = (link.clone(), beside.clone(), self.stop.clone(), all.clone());
        let began = Instant::now();
        let watch = move || {
            while !own.is_set() {
                let failed = link.state().reason.is_some();
                let in_vain = link.state().since.is_none() && beside.iter().any(refused);
                if failed || in_vain || all.is_set() || began.elapsed() >= LONGEST {
                    own.set(Signal::Terminate);
                }
                thread::sleep(NAP);
            }
        };
        if thread::Builder::new().name("glimpse".to_owned()).spawn(watch).is_err() {
            self.stop.set(Signal::Terminate);
        }
    }
}

/// Whether a camera refused so that trying again makes it worse.
pub(super) fn refused(link: &Link) -> bool {
    matches!(link.state().reason, Some(OfflineReason::Unauthorized | OfflineReason::LockedOut))
}

impl<S: Source> Source for Brief<S> {
    fn next(&mut self, stop: &Stop) -> Option<Part> {
        self.watch(stop);
        let part = match self.until {
            Until::Recorded => self.source.next(stop)?,
            Until::Live { .. } => self.source.next(&self.stop)?,
        };
        if let Part::Gop(gop) | Part::Growing(gop) = &part {
            let from = *self.from.get_or_insert(gop.start);
            if gop.start.since(from) >= self.lasts {
                self.stop.set(Signal::Terminate);
                return None;
            }
        }
        Some(part)
    }
}

impl<S> Drop for Brief<S> {
    fn drop(&mut self) {
        self.stop.set(Signal::Terminate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{CameraId, Gap, GapReason},
        source::Scripted,
    };

    /// Never tells anything until it is to stop.
    struct Waiting;

    impl Source for Waiting {
        fn next(&mut self, stop: &Stop) -> Option<Part> {
            while !stop.is_set() {
                thread::sleep(Duration::from_millis(1));
            }
            None
        }
    }

    #[test]
    fn a_source_that_ends_by_itself_ends() {
        let camera = CameraId::new("c").expect("an id");
        let gap = Gap { camera, epoch: 0, from: MediaTime::ZERO, to: None, reason: GapReason::Offline };
        let source = Scripted::new([Part::GapOpened(gap)]);
        let mut brief = Brief::new(source, Duration::from_secs(9), Until::Recorded);
        assert!(brief.next(&Stop::default()).is_some());
        assert!(brief.next(&Stop::default()).is_none());
    }

    #[test]
    fn a_camera_behind_a_machine_that_refused_another_is_not_waited_for() {
        let (link, other) = (Link::default(), Link::default());
        other.lost(Some(OfflineReason::Unauthorized), String::new(), jiff::Timestamp::UNIX_EPOCH);
        let until = Until::Live { link, beside: vec![other] };
        assert!(Brief::new(Waiting, Duration::from_secs(9), until).next(&Stop::default()).is_none());
    }

    #[test]
    fn one_that_failed_and_one_that_is_to_stop_are_not_waited_for() {
        let link = Link::default();
        link.lost(Some(OfflineReason::Unreachable), String::new(), jiff::Timestamp::UNIX_EPOCH);
        let until = Until::Live { link, beside: Vec::new() };
        assert!(Brief::new(Waiting, Duration::from_secs(9), until).next(&Stop::default()).is_none());
        let (stop, until) = (Stop::default(), Until::Live { link: Link::default(), beside: Vec::new() });
        stop.set(Signal::Interrupt);
        assert!(Brief::new(Waiting, Duration::from_secs(9), until).next(&stop).is_none());
    }
}
