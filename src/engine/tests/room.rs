//! How much of a camera that sends on waits in memory.

use std::sync::Arc;

use super::script::{Script, camera};
use crate::{
    domain::{GapReason, Record},
    engine::{Action, Actions, Camera, Event, Job, Ticket, WhenFull},
    libav::testing::filled,
    source::{Gop, Part},
};

/// Bytes of each group: two pictures of a thousand, 0.4 s.
const GROUP: usize = 2_000;
/// A post that has to be looked at each ten seconds, so that nothing is wanted of most groups until nobody is there.
const SELDOM: &str =
    "[[camera.rule]]\nkind = \"control_room_unattended\"\nrequired = 1\ngrace = \"10s\"\nevery = \"10s\"\n";

fn script(groups: usize) -> Script {
    Script::plain(groups, 2, 200_000)
}

/// The same parts with pictures that take room.
fn full(parts: Vec<Part>) -> Vec<Part> {
    let filled = |part| match part {
        Part::Gop(gop) => {
            let packets = gop.packets.iter().map(|packet| filled(packet, &gop.stream, &[1; 1_000])).collect();
            Part::Gop(Arc::new(Gop { packets, ..Gop::clone(&gop) }))
        }
        other => other,
    };
    parts.into_iter().map(filled).collect()
}

/// What a camera does: the jobs that leave, the gaps that begin, why looks were missed, and when there were looks.
#[derive(Default)]
struct Did {
    out: Vec<(Ticket, Job)>,
    gaps: Vec<GapReason>,
    missed: Vec<GapReason>,
    looks: Vec<f64>,
}

impl Did {
    fn take(&mut self, camera: &mut Camera, event: Event) {
        let mut actions = Actions::new();
        camera.take(event, &mut actions);
        for action in actions {
            match action {
                Action::Look(ticket, job) => self.out.push((ticket, job)),
                Action::Missed(reason) => self.missed.push(reason),
                Action::Tell(Record::Gap(gap), _) if gap.to.is_none() => self.gaps.push(gap.reason),
                Action::Tell(Record::Observation(look), _) => self.looks.push(look.at.as_secs_f64()),
                _ => {}
            }
        }
    }

    fn answer_all(&mut self, camera: &mut Camera, script: &Script) {
        while let Some((ticket, job)) = self.out.pop() {
            self.take(camera, Event::Looked(ticket, script.answer(&job)));
        }
    }
}

#[test]
fn what_waits_behind_a_slow_look_is_bounded_by_bytes_and_what_is_lost_by_it_is_told() {
    let script = script(60);
    let mut camera = camera(WhenFull::Newest, 2, SELDOM).holding(4 * GROUP);
    let mut did = Did::default();
    for part in full(script.parts()) {
        did.take(&mut camera, Event::Part(part));
        // The one that workers have, the newest that is wanted, and the newest of all wait in any case.
        assert!(camera.held() <= 7 * GROUP, "{} bytes wait", camera.held());
    }
    assert_eq!(did.out.len(), 1, "the first look takes all that time");
    did.answer_all(&mut camera, &script);
    // Nobody is there: more looks would have been wanted of what is gone.
    assert!(did.missed.contains(&GapReason::Memory), "{:?}", did.missed);
    assert!(did.missed.contains(&GapReason::Overload), "{:?}", did.missed);
    assert!(did.looks.last().is_some_and(|last| *last >= 20.0), "it goes on: {:?}", did.looks);
    assert_eq!(camera.held(), 0);
}

#[test]
fn with_room_enough_nothing_is_lost_that_is_not_wanted_yet() {
    let script = script(7);
    let mut camera = camera(WhenFull::Newest, 2, SELDOM).holding(20 * GROUP);
    let mut did = Did::default();
    for part in full(script.parts()) {
        did.take(&mut camera, Event::Part(part));
    }
    did.answer_all(&mut camera, &script);
    assert!(!did.missed.contains(&GapReason::Memory), "{:?}", did.missed);
    assert!(did.looks.len() > 2, "looks that nobody foresaw were taken: {:?}", did.looks);
}

#[test]
fn a_group_that_comes_without_its_packets_is_a_gap_for_want_of_memory() {
    let script = script(30);
    let mut camera = camera(WhenFull::Newest, 2, SELDOM);
    let mut did = Did::default();
    let mut groups = 0;
    for part in full(script.parts()) {
        let part = match part {
            Part::Gop(gop) => {
                groups += 1;
                if (11..=20).contains(&groups) { Part::Gop(Arc::new(gop.bare())) } else { Part::Gop(gop) }
            }
            other => other,
        };
        did.take(&mut camera, Event::Part(part));
        did.answer_all(&mut camera, &script);
    }
    assert_eq!(did.gaps, [GapReason::Memory], "one gap, of both");
    assert!(!did.missed.is_empty() && did.missed.iter().all(|reason| *reason == GapReason::Memory));
    assert!(did.looks.iter().all(|at| !(4.0..8.0).contains(at)), "{:?}", did.looks);
    assert!(did.looks.iter().any(|at| *at >= 8.0), "it goes on: {:?}", did.looks);
}
