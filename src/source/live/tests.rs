//! Connections as they were written down, by a clock that the test moves.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    connection::{Connection, Setting, Step},
    *,
};
use crate::{
    clock::{Clock, Manual},
    config::Transport,
    domain::{CameraId, GapReason, MediaTime, OfflineReason, When},
    libav::{
        LibavError, Packet, StreamInfo,
        testing::{filled, packet, unknown_stream},
    },
    source::{
        Part, Source,
        packets::{Claims, Packets},
        rtsp::Refusal,
    },
    stop::{Signal, Stop},
};

const SECOND: i64 = 1_000_000;

/// What one try to connect comes to.
enum Try {
    /// It fails.
    Fails(Trouble),
    /// Packets come for so many seconds, ten a second, a key frame each second, from this time of the camera's own.
    Sends { seconds: i64, from: i64 },
}

/// A camera that was written down.
struct Written {
    tries: VecDeque<Try>,
    clock: Arc<Manual>,
    stop: Stop,
    dialled: Arc<Mutex<Vec<Duration>>>,
    last: i64,
}

struct Sending {
    stream: Arc<StreamInfo>,
    clock: Arc<Manual>,
    next: i64,
    from: i64,
    until: i64,
    /// What it adds to the time of every packet after this many.
    leap: Option<(i64, i64)>,
}

impl Packets for Sending {
    fn stream(&self) -> &Arc<StreamInfo> {
        &self.stream
    }

    fn claims(&self) -> Claims {
        Claims { rate: Some(10.0), has_times: true, ..Claims::default() }
    }

    fn read(&mut self) -> Result<Option<Packet>, LibavError> {
        if self.next >= self.until {
            let (address, doing) = ("rtsp://camera/".to_owned(), "reading");
            self.clock.advance(Duration::from_secs(10));
            return Err(LibavError::Deadline { address, doing, after: Duration::from_secs(10) });
        }
        self.clock.advance(Duration::from_millis(100));
        let leap = self.leap.filter(|(after, _)| self.next >= *after).map_or(0, |(_, by)| by);
        let time = self.from + self.next * SECOND / 10 + leap;
        let key = self.next % 10 == 0;
        self.next += 1;
        let bare = packet(Some(time), Some(time), SECOND / 10, key);
        Ok(Some(filled(&bare, &self.stream, &[0; 100])))
    }

    fn other_pictures(&self) -> u64 {
        0
    }

    fn others_end(&mut self) -> Option<i64> {
        None
    }

    fn is_stopped(&self) -> bool {
        false
    }
}

impl Dial for Written {
    fn host(&self) -> &str {
        "recorder"
    }

    fn dial(&mut self, _: &Stop) -> Result<Dialled, Trouble> {
        self.dialled.lock().expect("sound").push(self.clock.since());
        match self.tries.pop_front() {
            Some(Try::Sends { seconds, from }) => {
                let (stream, clock) = (unknown_stream(), Arc::clone(&self.clock));
                let leap = (self.last > 0).then_some((self.last, 3600 * SECOND));
                let packets = Sending { stream, clock, next: 0, from, until: seconds * 10, leap };
                Ok(Dialled { packets: Box::new(packets), relay: None })
            }
            Some(Try::Fails(trouble)) => Err(trouble),
            None => {
                self.stop.set(Signal::Terminate);
                Err(Trouble::Ended)
            }
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn repeats(&self) -> bool {
        true
    }
}

struct Told {
    parts: Vec<Part>,
    dialled: Vec<Duration>,
    link: LinkState,
}

fn wall() -> Timestamp {
    "2026-11-30T08:00:00Z".parse().expect("a time")
}

fn told(tries: Vec<Try>, past: Option<Past>) -> Told {
    told_with_leap(tries, past, 0)
}

/// All that a camera tells which is connected to in this way; after `leap` packets its own time leaps by an hour.
fn told_with_leap(tries: Vec<Try>, past: Option<Past>, leap: i64) -> Told {
    let clock = Arc::new(Manual::at(wall()));
    let (stop, dialled) = (Stop::default(), Arc::default());
    let dial = Written {
        tries: tries.into(),
        clock: Arc::clone(&clock),
        stop: stop.clone(),
        dialled: Arc::clone(&dialled),
        last: leap,
    };
    let hosts = Hosts::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let camera = CameraId::new("lane").expect("an id");
    let mut source = LiveSource::new(camera, Box::new(dial), hosts, clock as Arc<dyn Clock>, past);
    let link = source.link();
    let parts = std::iter::from_fn(|| source.next(&stop)).collect();
    let dialled = dialled.lock().expect("sound").clone();
    Told { parts, dialled, link: link.state() }
}

/// Epochs and gaps alone, in short.
fn outline(parts: &[Part]) -> Vec<String> {
    let short = |part: &Part| match part {
        Part::Epoch { epoch, .. } => Some(format!("epoch {} from {}", epoch.epoch, epoch.from)),
        Part::GapOpened(gap) => Some(format!("gap of {} from {}: {}", gap.epoch, gap.from, gap.reason)),
        Part::GapClosed(gap) => Some(format!("gap to {}", gap.to.expect("closed"))),
        _ => None,
    };
    parts.iter().filter_map(short).collect()
}

#[test]
fn a_camera_that_goes_away_and_comes_back_leaves_a_gap_as_long_as_it_was_away() {
    let told = told(
        vec![
            Try::Sends { seconds: 5, from: 7_000 * SECOND },
            Try::Fails(Trouble::Refused(Refusal::Refused)),
            Try::Sends { seconds: 3, from: 0 },
        ],
        None,
    );
    let outline = outline(&told.parts);
    // Ten seconds without a packet, and what it waited between the tries, which is by chance.
    let back = told.dialled[2];
    // Media time began with the first picture, a tenth of a second after the camera was dialled.
    let expected = MediaTime::ZERO + back;
    assert_eq!(outline[0], "epoch 0 from 0.0 s");
    assert_eq!(outline[1], format!("gap of 0 from 5.0 s: {}", GapReason::Offline));
    assert_eq!(outline[2], format!("gap to {expected}"), "{outline:?}");
    assert_eq!(outline[3], format!("epoch 1 from {expected}"));
    assert!(told.dialled[1] - told.dialled[0] >= Duration::from_secs(15));
    assert_eq!(told.link.reason, Some(OfflineReason::Stalled));
}

#[test]
fn groups_grow_follow_each_other_and_are_told_on_the_walls_clock() {
    let told = told(vec![Try::Sends { seconds: 4, from: 500 * SECOND }], None);
    let (mut growing, mut whole, mut end) = (0, 0, MediaTime::ZERO);
    for part in &told.parts {
        match part {
            Part::Growing(gop) => {
                assert!(
                    gop.start == end && gop.end > gop.start && gop.grows(),
                    "{:?} {:?} {end:?}",
                    gop.start,
                    gop.end
                );
                growing += 1;
            }
            Part::Gop(gop) => {
                assert_eq!(gop.start, end);
                assert!(gop.packets.len() == 10 && !gop.grows());
                let expected = wall() + jiff::SignedDuration::from_micros(gop.start.as_micros() + 100_000);
                assert_eq!(gop.wall(gop.start), expected, "taken when it came");
                (whole, end) = (whole + 1, gop.end);
            }
            _ => {}
        }
    }
    assert_eq!((whole, end), (4, MediaTime::from_micros(4 * SECOND)));
    assert!(growing >= 8, "{growing}");
}

#[test]
fn a_wrong_password_is_tried_again_after_minutes_and_never_sooner() {
    let refused = || Try::Fails(Trouble::Refused(Refusal::Unauthorized));
    let told = told(vec![refused(), refused(), refused()], None);
    let apart: Vec<Duration> = told.dialled.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(apart.iter().all(|apart| *apart >= Duration::from_secs(180)), "{apart:?}");
    assert_eq!(told.link.reason, Some(OfflineReason::Unauthorized));
    assert!(told.parts.is_empty());
}

#[test]
fn a_restart_is_a_gap_from_what_was_reached_last() {
    let at = MediaTime::from_micros(1000 * SECOND);
    let reached = When { at, wall: wall() - jiff::SignedDuration::from_secs(60), epoch: 4 };
    let told = told(vec![Try::Sends { seconds: 2, from: 0 }], Some(Past { reached, gap: None }));
    let outline = outline(&told.parts);
    let from = MediaTime::from_micros(1060 * SECOND + SECOND / 10);
    assert_eq!(outline[0], format!("gap of 4 from 1000.0 s: {}", GapReason::BoxOff));
    assert_eq!(outline[1..3], [format!("gap to {from}"), format!("epoch 5 from {from}")]);
}

#[test]
fn a_clock_that_was_set_back_while_the_box_was_off_makes_no_time_go_back() {
    let at = MediaTime::from_micros(1000 * SECOND);
    let reached = When { at, wall: wall() + jiff::SignedDuration::from_hours(1), epoch: 0 };
    let told = told(vec![Try::Sends { seconds: 2, from: 0 }], Some(Past { reached, gap: None }));
    assert_eq!(outline(&told.parts)[1..3], ["gap to 1000.1 s", "epoch 1 from 1000.1 s"]);
}

#[test]
fn times_that_leap_within_a_connection_are_put_back_onto_the_monotonic_clock() {
    let told = told_with_leap(vec![Try::Sends { seconds: 20, from: 0 }], None, 100);
    let ends =
        told.parts.iter().filter_map(|part| if let Part::Gop(gop) = part { Some(gop.end) } else { None });
    let last = ends.max().expect("groups");
    assert!(last.since(MediaTime::from_micros(20 * SECOND)) < Duration::from_secs(2), "{last}");
}

#[test]
fn one_that_never_sends_a_key_frame_is_given_up_in_time() {
    struct Keyless(Sending);
    impl Packets for Keyless {
        fn stream(&self) -> &Arc<StreamInfo> {
            self.0.stream()
        }
        fn claims(&self) -> Claims {
            self.0.claims()
        }
        fn read(&mut self) -> Result<Option<Packet>, LibavError> {
            self.0.read().map(|packet| {
                packet.map(|mut packet| {
                    packet.key = false;
                    packet
                })
            })
        }
        fn other_pictures(&self) -> u64 {
            0
        }
        fn others_end(&mut self) -> Option<i64> {
            None
        }
        fn is_stopped(&self) -> bool {
            false
        }
    }
    struct Once(Arc<Manual>, Stop, u32);
    impl Dial for Once {
        fn host(&self) -> &str {
            "camera"
        }
        fn dial(&mut self, _: &Stop) -> Result<Dialled, Trouble> {
            self.2 += 1;
            if self.2 > 1 {
                self.1.set(Signal::Terminate);
            }
            let (stream, clock) = (unknown_stream(), Arc::clone(&self.0));
            let sending = Sending { stream, clock, next: 0, from: 0, until: i64::MAX, leap: None };
            Ok(Dialled { packets: Box::new(Keyless(sending)), relay: None })
        }
        fn patience(&self) -> Duration {
            Duration::from_secs(30)
        }
        fn repeats(&self) -> bool {
            true
        }
    }
    let (clock, stop) = (Arc::new(Manual::at(wall())), Stop::default());
    let hosts = Hosts::new(Arc::clone(&clock) as Arc<dyn Clock>);
    let dial = Once(Arc::clone(&clock), stop.clone(), 0);
    let camera = CameraId::new("lane").expect("an id");
    let mut source = LiveSource::new(camera, Box::new(dial), hosts, Arc::clone(&clock) as _, None);
    let link = source.link();
    assert!(source.next(&stop).is_none());
    let state = link.state();
    assert_eq!((state.reason, state.since), (Some(OfflineReason::Stalled), None));
    assert!(state.words.contains("no key frame"), "{}", state.words);
    assert!(clock.since() < Duration::from_secs(60));
}

/// Whether each of the packets of four seconds is damaged, where the fourteenth has this in it.
fn damaged(transport: Transport, bytes: &'static [u8]) -> Vec<bool> {
    struct Holding(Sending, &'static [u8]);
    impl Packets for Holding {
        fn stream(&self) -> &Arc<StreamInfo> {
            self.0.stream()
        }
        fn claims(&self) -> Claims {
            self.0.claims()
        }
        fn read(&mut self) -> Result<Option<Packet>, LibavError> {
            let packet = self.0.read()?;
            Ok(packet.map(
                |packet| {
                    if self.0.next == 14 { filled(&packet, &self.0.stream, self.1) } else { packet }
                },
            ))
        }
        fn other_pictures(&self) -> u64 {
            0
        }
        fn others_end(&mut self) -> Option<i64> {
            None
        }
        fn is_stopped(&self) -> bool {
            false
        }
    }
    let clock = Arc::new(Manual::at(wall()));
    let sending = Sending {
        stream: unknown_stream(),
        clock: Arc::clone(&clock),
        next: 0,
        from: 0,
        until: 40,
        leap: None,
    };
    let clock = clock as Arc<dyn Clock>;
    let setting = Setting {
        camera: CameraId::new("lane").expect("an id"),
        timeline: Timeline::new(Arc::clone(&clock), MediaTime::ZERO, 0),
        clock,
        link: Link::default(),
        transport,
        first: None,
        epoch: 0,
        floor: MediaTime::ZERO,
    };
    let mut connection = Connection::new(setting, Box::new(Holding(sending, bytes))).expect("a connection");
    let mut parts = VecDeque::new();
    while connection.step(&mut parts) == Step::More {}
    connection.close(&mut parts);
    let groups = parts.iter().filter_map(|part| if let Part::Gop(gop) = part { Some(gop) } else { None });
    groups.flat_map(|gop| gop.packets.iter().map(|packet| packet.corrupt)).collect()
}

#[test]
fn what_lacks_something_is_damaged_up_to_the_next_key_frame() {
    const MARKED: &[u8] = b"\0\0\x01\x65\x88\x80\0\0\x01\x0cfirewarden lost it\x80";
    let expected: Vec<bool> = (0..40).map(|at| (13..20).contains(&at)).collect();
    assert_eq!(damaged(Transport::Udp, MARKED), expected);
    assert_eq!(damaged(Transport::Udp, &MARKED[..9]), [false; 40]);
    // Within the connection nothing is lost, whatever a camera writes.
    assert_eq!(damaged(Transport::Tcp, MARKED), [false; 40]);
}
