use proptest::prelude::*;
use serde_json::Value;

use super::{
    orders,
    script::{Group, Script, TWO_RULES, Told, camera, id, micros, resumed, tell},
};
use crate::{
    domain::{Gap, GapReason, When},
    engine::{Camera, Event, WhenFull},
    source::Part,
};

/// Gives these parts, and answers whatever is asked for, in its order.
fn feed(camera: &mut Camera, parts: &[Part], script: &Script) -> Told {
    let (mut told, mut out, mut actions) = (Told::new(), Vec::new(), Vec::new());
    let mut parts = parts.iter();
    loop {
        let event = if out.is_empty() || camera.wants_part() {
            parts.next().map(again).map(Event::Part)
        } else {
            None
        };
        let event = match event {
            Some(event) => event,
            None if out.is_empty() => return told,
            None => {
                let (ticket, answer) = out.remove(0);
                Event::Looked(ticket, answer)
            }
        };
        camera.take(event, &mut actions);
        tell(&mut actions, &mut told, &mut out, script);
    }
}

fn again(part: &Part) -> Part {
    match part {
        Part::Epoch { epoch, stream } => Part::Epoch { epoch: epoch.clone(), stream: stream.clone() },
        Part::GapOpened(gap) => Part::GapOpened(gap.clone()),
        Part::GapClosed(gap) => Part::GapClosed(gap.clone()),
        Part::Gop(gop) => Part::Gop(gop.clone()),
        Part::Growing(gop) => Part::Growing(gop.clone()),
        Part::Notice(_) | Part::Failed { .. } => panic!("scripts have none"),
    }
}

fn ends(mut camera: Camera, script: &Script) -> Told {
    let (mut told, mut out, mut actions) = (Told::new(), Vec::new(), Vec::new());
    camera.take(Event::Over, &mut actions);
    camera.finish(&mut actions);
    tell(&mut actions, &mut told, &mut out, script);
    told
}

/// Where a file begins, or what lies before it, but for the first.
fn begins(parts: &[Part]) -> Vec<usize> {
    let is_epoch = |part: Option<&Part>| matches!(part, Some(Part::Epoch { .. }));
    let from = |at: &usize| match parts.get(*at) {
        Some(Part::GapOpened(_)) => is_epoch(parts.get(*at + 2)),
        part => is_epoch(part),
    };
    (1..parts.len()).filter(from).collect()
}

/// Saves a camera, and lets another go on.
fn restarted(camera: &Camera, rules: &str) -> Camera {
    resumed(WhenFull::Block, 2, rules, &camera.save().write().expect("plain data"))
}

/// Both models have hours, and the lane tells of what goes on.
const WITH_HOURS: &str = "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\n\
                          dwell = \"5s\"\nevery = \"1s\"\nupdate_every = \"2s\"\nschedule = [\"00:00-00:01\"]\n\
                          [[camera.rule]]\nkind = \"ebike_in_elevator\"\nmodel = \"own\"\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_camera_that_goes_on_from_what_was_saved_looks_as_if_it_had_never_been_off(
        script in orders::script(), which in any::<prop::sample::Index>(), begin in 1usize..9,
        rules in prop::sample::select(vec![TWO_RULES, WITH_HOURS]),
    ) {
        let mut script = script;
        let at = begin.min(script.groups.len()) - 1;
        script.groups[at].begins = true;
        let parts = script.parts();
        let places = begins(&parts);
        prop_assume!(!places.is_empty());
        let (before, after) = parts.split_at(*which.get(&places));
        let mut unbroken = camera(WhenFull::Block, 2, rules);
        feed(&mut unbroken, before, &script);
        let mut broken = restarted(&unbroken, rules);
        let told = feed(&mut unbroken, after, &script);
        prop_assert_eq!(&told, &feed(&mut broken, after, &script));
        prop_assert_eq!(ends(unbroken, &script), ends(broken, &script));
    }
}

fn one_look_a_second(groups: usize) -> Script {
    Script::plain(groups, 10, 1_000_000)
}

#[test]
fn a_gap_that_was_open_ends_where_the_camera_is_back() {
    let script = Script {
        groups: vec![Group { begins: true, ..one_look_a_second(1).groups[0].clone() }; 2],
        ..one_look_a_second(2)
    };
    let parts = script.parts();
    let mut camera = camera(WhenFull::Block, 2, TWO_RULES);
    feed(&mut camera, &parts[..2], &script);
    let gap = Gap { camera: id(), epoch: 0, from: micros(9_500_000), to: None, reason: GapReason::Offline };
    feed(&mut camera, &[Part::GapOpened(gap)], &script);
    let told = feed(&mut restarted(&camera, TWO_RULES), &parts[2..], &script);
    let first: Value = serde_json::from_str(&told[0]).expect("a record");
    assert_eq!((&first["record"], &first["from"], &first["to"]), (&"gap".into(), &9.5.into(), &10.0.into()));
    assert_eq!(told.iter().filter(|line| line.contains("\"record\":\"gap\"")).count(), 1);
}

#[test]
fn time_does_not_go_back_over_a_restart_and_what_is_open_is_told_at_the_end() {
    let script = one_look_a_second(1);
    let mut camera = camera(WhenFull::Block, 2, TWO_RULES);
    feed(&mut camera, &script.parts(), &script);
    let mut camera = restarted(&camera, TWO_RULES);
    let mut tick = |seconds: i64| {
        let at = micros(seconds * 1_000_000);
        let wall = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(seconds);
        let mut actions = Vec::new();
        camera.take(Event::Tick(When { at, wall, epoch: 0 }), &mut actions);
        actions.len()
    };
    assert_eq!((tick(8), tick(9)), (0, 1), "the last look was at 9 s");
    let told = ends(camera, &script);
    let open: Value = serde_json::from_str(told.last().expect("a violation is open")).expect("a violation");
    assert_eq!((&open["phase"], &open["last_seen"]["media_s"]), (&"raised".into(), &9.0.into()));
}

#[test]
fn what_workers_have_at_hand_is_looked_at_by_nobody_and_the_next_look_comes_at_once() {
    let script = one_look_a_second(2);
    let parts = script.parts();
    let mut camera = camera(WhenFull::Block, 2, TWO_RULES);
    let told = feed(&mut camera, &parts[..2], &script);
    // The answer never comes.
    camera.take(Event::Part(again(&parts[2])), &mut Vec::new());
    let saved = camera.save();
    assert_eq!(
        saved.reached().map(|reached| reached.at),
        Some(micros(10_000_000)),
        "the end of the first group"
    );
    let strands = saved.looks.expect("it has looked").strands;
    assert!(
        strands.iter().all(|strand| strand.due.is_none_or(|due| due <= micros(10_000_000))),
        "{strands:?}"
    );
    assert!(told.iter().filter(|line| line.contains("\"looked\"")).count() == 10);
}
