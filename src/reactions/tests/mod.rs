//! What is told, and what becomes of it.

mod calls;
mod commands;
mod device;

use std::{collections::BTreeMap, thread};

use device::Device;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    config::{Command, Deed, Filter, Secret},
    domain::{Alert, CameraId, Kind, Phase, Sequence},
};

/// Whatever is waited for comes long before.
const LONG: Duration = Duration::from_secs(60);
const TIME: &str = "2026-11-24T12:59:29.4Z";
const ID: &str = "6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8";

fn violation(camera: &str, phase: &str) -> Violation {
    let moment = json!({ "media_s": 1.5, "wall": TIME, "file": null, "file_s": null });
    let record = json!({
        "id": ID, "site": "lf-027", "camera": camera, "camera_name": "3号楼电梯", "rule": format!("{camera}/ebike_in_elevator"),
        "kind": "ebike_in_elevator", "phase": phase, "class": "ebike", "confidence": 0.79, "bbox": [0.25, 0.5, 0.5, 1.0],
        "wall_origin": "clock", "started": moment, "raised": moment, "ended": null, "evidence": [],
    });
    serde_json::from_str(&record.to_string()).expect("a violation")
}

fn explanation() -> Explanation {
    Explanation {
        camera_labels: BTreeMap::from([("gb28181".to_owned(), "13100000001320000003".to_owned())]),
        model_sha256: "3c".repeat(32),
        config_sha256: "a7".repeat(32),
    }
}

fn time() -> Timestamp {
    TIME.parse().expect("a time")
}

pub(super) fn message(camera: &str, phase: &str) -> Message {
    Message::of(&violation(camera, phase), &explanation(), time()).expect("JSON")
}

fn tell(reactions: &Reactions, camera: &str, phase: &str) {
    reactions.told(&violation(camera, phase), &explanation(), time());
}

/// To everything.
fn to_all(deed: Deed) -> Reaction {
    Reaction { filter: Filter::default(), deed }
}

fn posting(device: &Device, path: &str) -> Reaction {
    to_all(Deed::Url(format!("http://{}{path}", device.at).into()))
}

fn running(program: &str, arguments: &[&str]) -> Reaction {
    let arguments = arguments.iter().map(|text| Secret::from(*text)).collect();
    to_all(Deed::Command(Command { program: program.into(), arguments }))
}

/// A shell that does this, with further arguments as `$1` and so on.
fn shell(script: &str, arguments: &[&str]) -> Reaction {
    running("/bin/sh", &[&["-c", script, "sh"], arguments].concat())
}

fn started(reactions: &[Reaction]) -> Reactions {
    // A busy machine is to fail no test: what is to take too long has limits of its own.
    started_with(reactions, Limits { patience: LONG, stale: LONG * 10, ..LIMITS })
}

fn started_with(reactions: &[Reaction], limits: Limits) -> Reactions {
    Reactions::start_with(reactions.to_vec(), limits).expect("threads")
}

/// Waits until something is so.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: it does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The facts of the only reaction, once this is so of them.
fn facts(reactions: &Reactions, is_so: impl Fn(&ReactionFacts) -> bool) -> ReactionFacts {
    until("facts", || reactions.facts().into_iter().next().filter(|facts| is_so(facts)))
}

/// Why the only reaction failed.
fn failed(reactions: &Reactions) -> String {
    facts(reactions, |facts| facts.failed > 0).failing.expect("it fails").why
}

fn told_of(body: &str) -> String {
    let body: Value = serde_json::from_str(body).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    format!("{} {}", text(&body["data"]["camera"]), text(&body["data"]["phase"]))
}

#[test]
fn it_is_given_the_alert_without_its_place_in_an_outbox() {
    let sequence = Sequence { outbox: Uuid::from_u128(7).into(), number: 41 };
    let alert = Alert::of_violation(violation("lift-3", "raised"), explanation(), 0, time(), sequence);
    let text = serde_json::to_string(&alert).expect("JSON");
    let mut alert: Value = serde_json::from_str(&text).expect("JSON");
    for key in ["sequence", "outboxid"] {
        assert!(alert.as_object_mut().expect("an object").remove(key).is_some());
    }
    let given = message("lift-3", "raised");
    assert_eq!(serde_json::from_str::<Value>(&given.body).expect("JSON"), alert);
    assert!(given.body.contains("\"confidence\":0.79,") && !given.body.contains('\n'), "{}", given.body);
}

#[test]
fn only_what_passes_its_filter_is_told() {
    let (elevators, ends) = (Device::start(), Device::start());
    let camera = |id: &str| CameraId::new(id).expect("an id");
    let mut some = posting(&elevators, "/hold");
    some.filter = Filter {
        kinds: vec![Kind::EbikeInElevator],
        phases: vec![Phase::Raised],
        cameras: vec![camera("lift-1"), camera("lift-2")],
    };
    let mut other = posting(&ends, "/release");
    other.filter = Filter { phases: vec![Phase::Ended], ..Filter::default() };
    let reactions = started(&[some, other]);
    for (camera, phase) in [
        ("lift-3", "raised"),
        ("lift-1", "warned"),
        ("lift-1", "updated"),
        ("lift-2", "raised"),
        ("lift-3", "ended"),
    ] {
        tell(&reactions, camera, phase);
    }
    let (one, another) = (elevators.next(), ends.next());
    assert_eq!(
        (told_of(&one.body), told_of(&another.body)),
        ("lift-2 raised".to_owned(), "lift-3 ended".to_owned())
    );
    one.succeed();
    another.succeed();
    reactions.finish(LONG);
    assert!(elevators.is_idle() && ends.is_idle());
}

/// Who tells goes on at once: the device has heard of it before anything else is done, and has answered nothing yet.
#[test]
fn it_succeed_while_who_told_of_it_goes_on() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/hold")]);
    tell(&reactions, "lift-1", "raised");
    let called = device.next();
    assert_eq!((told_of(&called.body), reactions.facts()[0].done), ("lift-1 raised".to_owned(), 0));
    called.succeed();
    assert_eq!(facts(&reactions, |facts| facts.done == 1).failing, None);
}

#[test]
fn one_that_hangs_holds_up_no_other() {
    let (hanging, other) = (Device::start(), Device::start());
    let reactions = started(&[posting(&hanging, "/"), posting(&other, "/")]);
    tell(&reactions, "lift-1", "raised");
    let held = hanging.next();
    other.next().succeed();
    for phase in ["updated", "ended"] {
        tell(&reactions, "lift-1", phase);
        other.next().succeed();
    }
    held.succeed();
    assert_eq!(told_of(&hanging.next().body), "lift-1 ended");
}

#[test]
fn the_newest_of_each_camera_waits() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/")]);
    tell(&reactions, "lift-1", "raised");
    let held = device.next();
    for (camera, phase) in [("lift-1", "updated"), ("lift-2", "raised"), ("lift-1", "ended")] {
        tell(&reactions, camera, phase);
    }
    held.succeed();
    let then = [(), ()].map(|()| {
        let called = device.next();
        let told = told_of(&called.body);
        called.succeed();
        told
    });
    assert_eq!(then, ["lift-1 ended", "lift-2 raised"]);
    let facts = facts(&reactions, |facts| facts.done == 3);
    assert_eq!((facts.replaced, facts.dropped, facts.failed), (1, 0, 0));
}

#[test]
fn of_too_many_cameras_the_oldest_go() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/")]);
    tell(&reactions, "lift-0", "raised");
    let held = device.next();
    for number in 1..=66 {
        tell(&reactions, &format!("lift-{number}"), "raised");
    }
    held.succeed();
    for number in 3..=66 {
        let called = device.next();
        assert_eq!(told_of(&called.body), format!("lift-{number} raised"));
        called.succeed();
    }
    assert_eq!(facts(&reactions, |facts| facts.done == 65).dropped, 2);
}

#[test]
fn what_waited_too_long_is_not_done() {
    let device = Device::start();
    let reactions = started_with(&[posting(&device, "/")], Limits { stale: Duration::ZERO, ..LIMITS });
    tell(&reactions, "lift-1", "raised");
    let facts = facts(&reactions, |facts| facts.dropped == 1);
    assert_eq!((facts.done, facts.failed), (0, 0));
    reactions.finish(LONG);
    assert!(device.is_idle());
}

#[test]
fn a_reload_leaves_alone_what_did_not_change() {
    let (kept, gone, new) = (Device::start(), Device::start(), Device::start());
    let reactions = started(&[posting(&gone, "/"), posting(&kept, "/")]);
    tell(&reactions, "lift-1", "raised");
    let (held, leaving) = (kept.next(), gone.next());
    tell(&reactions, "lift-2", "raised");
    reactions.follow(vec![posting(&kept, "/"), posting(&new, "/")]).expect("threads");
    tell(&reactions, "lift-3", "raised");
    held.succeed();
    leaving.succeed();
    let told = |device: &Device| {
        let called = device.next();
        let told = told_of(&called.body);
        called.succeed();
        told
    };
    assert_eq!([told(&kept), told(&kept)], ["lift-2 raised", "lift-3 raised"]);
    assert_eq!((told(&gone), told(&new)), ("lift-2 raised".to_owned(), "lift-3 raised".to_owned()));
    assert_eq!(
        facts(&reactions, |facts| facts.done == 3).what,
        format!("reaction[0] POST http://{}/…", kept.at)
    );
    assert_eq!(reactions.facts().len(), 2);
    reactions.finish(LONG);
    tell(&reactions, "lift-4", "raised");
    assert!(gone.is_idle() && kept.is_idle() && new.is_idle());
}

#[test]
fn two_that_are_the_same_are_two() {
    let device = Device::start();
    let twice = [posting(&device, "/"), posting(&device, "/")];
    let reactions = started(&twice);
    reactions.follow(twice.to_vec()).expect("threads");
    let called = reactions.facts().into_iter().map(|facts| facts.what);
    let wanted = [0, 1].map(|number| format!("reaction[{number}] POST http://{}/…", device.at));
    assert_eq!(called.collect::<Vec<_>>(), wanted, "and are told from each other");
    tell(&reactions, "lift-1", "raised");
    let both = [device.next(), device.next()];
    both.into_iter().for_each(device::Called::succeed);
    reactions.follow(twice[..1].to_vec()).expect("threads");
    assert_eq!(reactions.facts().len(), 1);
}

#[test]
fn what_waits_at_the_end_succeed() {
    let device = Device::start();
    let reactions = started(&[posting(&device, "/")]);
    tell(&reactions, "lift-1", "raised");
    let held = device.next();
    tell(&reactions, "lift-2", "raised");
    let ending = thread::spawn(move || reactions.finish(LONG));
    held.succeed();
    device.next().succeed();
    ending.join().expect("it ends");
}
