//! Packets as no recorder would write them, given as values: whatever comes, what is made of it is in order.

use std::{collections::VecDeque, sync::Arc};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    packets::{Claims, Packets},
    placing::{Before, Start},
    reading::{Growth, Reading, Step},
    *,
};
use crate::{
    domain::{CameraId, MediaTime, WallOrigin},
    libav::{
        LibavError, Packet, StreamInfo,
        testing::{filled, packet, unknown_stream},
    },
};

/// A file that was written down for a test.
struct Scripted {
    stream: Arc<StreamInfo>,
    claims: Claims,
    packets: VecDeque<Result<Packet, LibavError>>,
}

impl Packets for Scripted {
    fn stream(&self) -> &Arc<StreamInfo> {
        &self.stream
    }

    fn claims(&self) -> Claims {
        self.claims.clone()
    }

    fn read(&mut self) -> Result<Option<Packet>, LibavError> {
        self.packets.pop_front().transpose()
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

/// One packet, or an error in its place.
#[derive(Debug, Clone)]
struct Written {
    /// How the time of decoding goes on.
    goes: Goes,
    /// By how much it is shown later; none where one of the two times is absent.
    delay: Option<i64>,
    has: Has,
    duration: i64,
    key: bool,
    corrupt: bool,
    bytes: usize,
    stream: usize,
    damaged: bool,
}

#[derive(Debug, Clone, Copy)]
enum Goes {
    On(i64),
    To(i64),
}

#[derive(Debug, Clone, Copy)]
enum Has {
    Both,
    Shown,
    Decoded,
    Neither,
}

fn written() -> impl Strategy<Value = Written> {
    let usual = 40_000i64;
    let goes = prop_oneof![
        20 => Just(Goes::On(usual)),
        2 => Just(Goes::On(0)),
        2 => (-10_000_000i64..10_000_000).prop_map(Goes::On),
        1 => any::<i64>().prop_map(|by| Goes::On(by >> 8)),
        1 => any::<i64>().prop_map(|to| Goes::To(to >> 3)),
        1 => Just(Goes::To(0)),
    ];
    let has = prop_oneof![
        12 => Just(Has::Both),
        2 => Just(Has::Shown),
        2 => Just(Has::Decoded),
        1 => Just(Has::Neither)
    ];
    let delay = prop_oneof![8 => Just(Some(0)), 4 => (0i64..6).prop_map(|n| Some(n * 40_000)), 1 => any::<i64>().prop_map(|by| Some(by >> 4)), 1 => Just(None)];
    let duration = prop_oneof![6 => Just(usual), 2 => Just(0), 1 => 0i64..1 << 58];
    let key = prop_oneof![8 => Just(false), 1 => Just(true)];
    let bytes = prop_oneof![12 => 4usize..200, 1 => 0usize..4, 1 => Just(70_000)];
    let rare = || prop_oneof![30 => Just(false), 1 => Just(true)];
    (goes, delay, has, duration, key, rare(), bytes, prop_oneof![9 => Just(0usize), 1 => Just(1)], rare())
        .prop_map(|(goes, delay, has, duration, key, corrupt, bytes, stream, damaged)| Written {
            goes,
            delay,
            has,
            duration,
            key,
            corrupt,
            bytes,
            stream,
            damaged,
        })
}

fn claims() -> impl Strategy<Value = Claims> {
    let format =
        prop_oneof![Just("avi"), Just("mov,mp4,m4a,3gp,3g2,mj2"), Just("matroska,webm"), Just("mpegts")];
    let rate =
        prop_oneof![3 => Just(Some(25.0)), 1 => Just(None), 1 => Just(Some(90_000.0)), 1 => Just(Some(1e-7))];
    let micros = || prop_oneof![2 => Just(None), 1 => (0i64..100_000_000).prop_map(Some), 1 => (1i64..1 << 59).prop_map(Some)];
    let pictures =
        prop_oneof![2 => Just(None), 1 => (1u64..500).prop_map(Some), 1 => any::<u64>().prop_map(Some)];
    (format, rate, micros(), any::<[bool; 3]>(), pictures, micros()).prop_map(
        |(format, rate, duration, [own_length, has_times, untold], pictures, begins)| Claims {
            format: format.to_owned(),
            rate,
            duration,
            own_length,
            pictures,
            has_times,
            untold,
            begins,
        },
    )
}

/// The packets as they are written down.
fn packets(written: &[Written], streams: &[Arc<StreamInfo>]) -> VecDeque<Result<Packet, LibavError>> {
    let mut at = 0i64;
    let one = |w: &Written| {
        if w.damaged {
            return Err(LibavError::Damaged {
                address: "made up".to_owned(),
                detail: "on purpose".to_owned(),
            });
        }
        at = match w.goes {
            Goes::On(by) => at.saturating_add(by),
            Goes::To(to) => to,
        };
        // What is further away never comes out of a container.
        at = at.clamp(-(1 << 60) + 1, (1 << 60) - 1);
        let shown = at.saturating_add(w.delay.unwrap_or(0)).clamp(-(1 << 60) + 1, (1 << 60) - 1);
        let (pts, dts) = match w.has {
            Has::Both => (w.delay.map(|_| shown), Some(at)),
            Has::Shown => (Some(shown), None),
            Has::Decoded => (None, Some(at)),
            Has::Neither => (None, None),
        };
        let mut packet = filled(&packet(pts, dts, w.duration, w.key), &streams[w.stream], &vec![7; w.bytes]);
        packet.corrupt = w.corrupt;
        Ok(packet)
    };
    written.iter().map(one).collect()
}

/// Reads files one after the other and checks what is told. Gives back how many packets were held at most.
fn check(files: Vec<(Scripted, Option<Start>)>, growth: Option<Growth>) -> Result<usize, TestCaseError> {
    let (mut before, mut last, mut most): (Option<Before>, _, _) = (None, MediaTime::ZERO, 0);
    for (number, (file, start)) in files.into_iter().enumerate() {
        let count = file.packets.len();
        let guess = (Timestamp::UNIX_EPOCH, WallOrigin::Modified);
        let camera = CameraId::new("lane").expect("an id");
        let reading = Reading::new(camera, format!("{number}"), Box::new(file), start, guess, before, None)
            .expect("memory");
        let mut reading = reading.growing(growth);
        let (mut out, mut fed, mut given) = (VecDeque::new(), 0, 0);
        let (mut epochs, mut notices, mut gaps, mut failed, mut continued) = (0, 0, 0, 0, false);
        loop {
            let step = reading.step(&mut out);
            fed += 1;
            for part in out.drain(..) {
                match part {
                    Part::Epoch { .. } => epochs += 1,
                    Part::Gop(gop) => {
                        prop_assert!(epochs == 1 && failed == 0, "a group before its file, or after its end");
                        prop_assert!(
                            gop.start >= last && gop.end >= gop.start,
                            "time goes back: {gop:?} {last:?}"
                        );
                        prop_assert!(gop.packets.first().is_some_and(|first| first.key || gop.continues()));
                        prop_assert!(!gop.continues() || continued || given == 0, "a chunk of nothing");
                        prop_assert!(gop.packets.iter().all(|packet| packet.pts.is_some()) && !gop.grows());
                        (last, continued) = (gop.end, gop.continued());
                        given += gop.packets.len();
                    }
                    Part::Growing(gop) => {
                        prop_assert!(epochs == 1 && failed == 0 && gop.grows() && !gop.packets.is_empty());
                        prop_assert!(gop.start >= last && gop.end >= gop.start, "{gop:?} {last:?}");
                    }
                    Part::GapOpened(gap) => prop_assert_eq!(gap.to, None),
                    Part::GapClosed(gap) => {
                        let to = gap.to.expect("an end");
                        prop_assert!(gap.from >= last && to >= gap.from, "{gap:?} {last:?}");
                        last = to;
                        gaps += 1;
                    }
                    Part::Notice(_) => notices += 1,
                    Part::Failed { .. } => failed += 1,
                }
            }
            most = most.max(fed - given);
            if step == Step::Done {
                break;
            }
            prop_assert!(fed <= count, "no end");
        }
        prop_assert!(epochs <= 1 && failed <= 1 && notices <= 200 && gaps <= count + 4);
        before = reading.before();
    }
    Ok(most)
}

fn streams() -> Vec<Arc<StreamInfo>> {
    vec![unknown_stream(), unknown_stream()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_packets_come_what_is_told_is_in_order(
        files in prop::collection::vec(
            (prop::collection::vec(written(), 0..160), claims(), prop::option::of((0i64..100, any::<bool>()))),
            1..4,
        ),
        growth in prop_oneof![Just(None), Just(Some(Growth::AT_ONCE)), Just(Some(Growth::LONG))],
    ) {
        let streams = streams();
        let files = files.iter().map(|(written, claims, start)| {
            let start = start.map(|(seconds, trusted)| Start {
                wall: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(seconds),
                origin: WallOrigin::FileName,
                trusted,
            });
            let packets = packets(written, &streams);
            (Scripted { stream: Arc::clone(&streams[0]), claims: claims.clone(), packets }, start)
        });
        check(files.collect(), growth)?;
    }
}

/// A file of packets 40 ms apart, each changed by its number.
fn file(count: usize, change: impl Fn(usize, &mut Written)) -> Scripted {
    let usual = Written {
        goes: Goes::On(40_000),
        delay: Some(0),
        has: Has::Both,
        duration: 40_000,
        key: false,
        corrupt: false,
        bytes: 8,
        stream: 0,
        damaged: false,
    };
    let mut written = vec![usual; count];
    written.iter_mut().enumerate().for_each(|(n, packet)| change(n, packet));
    let streams = streams();
    let claims =
        Claims { format: "mpegts".to_owned(), rate: Some(25.0), has_times: true, ..Claims::default() };
    Scripted { stream: Arc::clone(&streams[0]), claims, packets: packets(&written, &streams) }
}

#[test]
fn what_is_held_is_bounded_however_long_a_group_is() {
    let first = |n: usize, packet: &mut Written| packet.key = n == 0;
    let held = check(vec![(file(10_000, first), None)], None).expect("in order");
    assert!((3_000..=6_500).contains(&held), "{held}");
    let large = |n: usize, packet: &mut Written| (packet.key, packet.bytes) = (n == 0, 256 << 10);
    let held = check(vec![(file(600, large), None)], None).expect("in order");
    assert!((100..=300).contains(&held), "{held}");
    // No key frame at all: nothing is held.
    let mut headless = Reading::new(
        CameraId::new("lane").expect("an id"),
        "a".to_owned(),
        Box::new(file(10_000, |_, _| {})),
        None,
        (Timestamp::UNIX_EPOCH, WallOrigin::Modified),
        None,
        None,
    )
    .expect("memory");
    let mut out = VecDeque::new();
    while headless.step(&mut out) == Step::More {}
    assert!(
        matches!(&out.make_contiguous()[..], [Part::Failed { error: SourceError::NoKeyFrame { .. }, .. }]),
        "{out:?}"
    );
}

#[test]
fn times_that_step_back_at_each_packet_are_a_bounded_number_of_gaps() {
    for keys in [1, 25] {
        let back = |n: usize, packet: &mut Written| {
            (packet.key, packet.goes) = (n.is_multiple_of(keys), Goes::On(-1_000_000));
        };
        let reading = Reading::new(
            CameraId::new("lane").expect("an id"),
            "a".to_owned(),
            Box::new(file(5_000, back)),
            None,
            (Timestamp::UNIX_EPOCH, WallOrigin::Modified),
            None,
            None,
        );
        let (mut reading, mut out) = (reading.expect("memory"), VecDeque::new());
        while reading.step(&mut out) == Step::More {}
        let gaps = out.iter().filter(|part| matches!(part, Part::GapClosed(_))).count();
        let notices = out.iter().filter(|part| matches!(part, Part::Notice(_))).count();
        assert!(gaps <= 16 && notices <= 8, "{keys}: {gaps} gaps, {notices} notices");
    }
}
