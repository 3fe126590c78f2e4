//! What is told, to whom and when.

use std::{collections::BTreeSet, time::Duration};

use super::bench::*;
use crate::{
    domain::{
        CameraFact, CameraHealth, EvidenceRole, MediaTime, OfflineReason,
        Phase::{Ended, Raised, Updated, Warned},
        SiteId, When,
    },
    health::Pictures,
    ledger::Fact,
};

#[test]
fn a_step_is_told_with_the_times_and_numbers_of_its_phases() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for (phase, at) in [(Warned, 3), (Raised, 6), (Updated, 9), (Updated, 12), (Ended, 15)] {
        step(&mut ledger, "lane", &[(1, phase)], at);
        bench.settle();
    }
    let alerts = bench.alerts();
    assert_eq!(shorts(&alerts), ["1 warned", "2 raised", "3 updated", "4 updated", "5 ended"]);
    let times: Vec<_> = alerts.iter().map(|alert| alert.time).collect();
    assert_eq!(times, [3, 6, 9, 12, 15].map(wall));
    let ids: BTreeSet<_> = alerts.iter().map(|alert| alert.id).collect();
    assert_eq!(ids.len(), 5, "each has an id of its own");
    assert!(alerts.iter().all(|alert| alert.sequence.outbox == bench.handle().outbox()));
    let text = serde_json::to_value(&alerts[1]).expect("JSON");
    assert_eq!(
        (&text["data"]["camera_labels"]["number"], &text["data"]["model_sha256"]),
        (&"7".into(), &"ab".repeat(32).into())
    );
    assert_eq!(bench.handle().last_sequence().expect("read"), 5);
}

#[test]
fn nothing_is_raised_twice_and_an_end_that_was_withdrawn_is_told_again() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    step(&mut ledger, "lane", &[(1, Raised)], 2);
    step(&mut ledger, "lane", &[(1, Ended)], 3);
    step(&mut ledger, "lane", &[(1, Ended)], 3);
    step(&mut ledger, "lane", &[(1, Updated)], 4);
    step(&mut ledger, "lane", &[(1, Ended)], 5);
    bench.settle();
    let alerts = bench.alerts();
    assert_eq!(shorts(&alerts), ["1 raised", "2 ended", "3 updated", "4 ended"]);
    assert_ne!(alerts[1].id, alerts[3].id);
    assert_eq!(alerts[0].time, wall(1));
    let (bench, _) = bench.reopen();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 6);
    step(&mut bench.ledger("lane"), "lane", &[(2, Raised)], 7);
    bench.settle();
    assert_eq!(shorts(&bench.alerts())[4..], ["5 raised"], "no number is left out, and none comes twice");
}

#[test]
fn what_is_open_when_nothing_follows_is_not_told() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    let mut left = violation("lane", 1, Raised, 1);
    left.last_seen = left.raised.clone();
    commit(&mut ledger, "lane", &[Fact::Judged(judgement(vec![left], 2)), Fact::Ended(Vec::new())], 2);
    bench.settle();
    assert_eq!(shorts(&bench.alerts()), ["1 raised"]);
    let known = bench.handle().violations_of_day(wall(0), wall(86_400)).expect("read");
    assert_eq!(known.iter().map(|known| known.last_seen.is_none()).collect::<Vec<_>>(), [true]);
}

#[test]
fn a_restore_that_ends_what_was_open_is_told_without_findings() {
    let bench = Bench::new();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    let ended = crate::judge::Judgement {
        violations: vec![violation("lane", 1, Ended, 7)],
        ..crate::judge::Judgement::default()
    };
    // Twice, as when the power fails before the camera's next state is saved.
    for _ in 0..2 {
        bench.handle().resumed(&id("lane"), ended.clone(), &[].into());
    }
    bench.settle();
    let alerts = bench.alerts();
    assert_eq!(shorts(&alerts), ["1 raised", "2 ended"]);
    assert_eq!(alerts[1].time, wall(7));
    let text = serde_json::to_value(&alerts[1]).expect("JSON");
    assert_eq!(
        text["data"]["model_sha256"],
        "ab".repeat(32),
        "of a rule that is gone, what was told last stands"
    );
}

#[test]
fn each_sink_has_what_its_filter_passes() {
    let bench = Bench::new();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised), (2, Warned)], 1);
    step(&mut bench.ledger("post"), "post", &[(3, Raised), (3, Ended)], 2);
    bench.settle();
    assert_eq!(shorts(&bench.alerts_for(SINK)), ["1 raised", "2 warned", "3 raised", "4 ended"]);
    assert_eq!(shorts(&bench.now("raised")), ["1 raised", "3 raised"]);
    assert_eq!(shorts(&bench.now("lane")), ["1 raised", "2 warned"]);
    assert_eq!(shorts(&bench.now("unknown")), [""; 0]);
    bench.deliver("raised", &[1]);
    assert_eq!(shorts(&bench.now("raised")), ["3 raised"]);
    let facts = bench.handle().facts();
    let waiting = |sink: &str| facts.sinks.get(sink).map_or(0, |depth| depth.waiting);
    assert_eq!((waiting(SINK), waiting("raised"), waiting("lane"), facts.waiting), (4, 1, 2, 7));
    assert!(facts.oldest_waiting.is_some());
}

#[test]
fn sinks_of_a_new_configuration_have_what_comes_from_then_on() {
    let bench = Bench::new();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    bench.settle();
    bench.handle().set_sinks(vec![("new".to_owned(), crate::config::Filter::default())]);
    step(&mut bench.ledger("lane"), "lane", &[(2, Raised)], 2);
    bench.settle();
    assert_eq!(shorts(&bench.alerts_for("new")), ["2 raised"]);
    assert_eq!(shorts(&bench.now(SINK)), ["1 raised"]);
}

#[test]
fn an_alert_waits_for_its_still_and_goes_with_it() {
    let bench = Bench::new();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    step(&mut bench.ledger("post"), "post", &[(1, Updated)], 1);
    bench.settle();
    assert_eq!(shorts(&bench.now(SINK)), ["2 updated"], "another camera's are not kept back");
    let news = bench.handle().changed(0, Duration::ZERO);
    bench.handle().evidence(kept("lane", 1, &[EvidenceRole::Started]));
    bench.settle();
    assert_eq!(shorts(&bench.now(SINK)), ["2 updated"], "the still of the moment is still to come");
    bench.handle().evidence(kept("lane", 1, &[EvidenceRole::Raised]));
    bench.settle();
    assert_eq!(shorts(&bench.now(SINK)), ["1 raised +started +raised", "2 updated"]);
    assert_ne!(bench.handle().changed(news, Duration::from_secs(10)), news, "who waits for alerts is woken");
    let known = bench.handle().violations_of_day(wall(0), wall(86_400)).expect("read");
    assert_eq!(known.iter().map(|known| known.evidence.len()).collect::<Vec<_>>(), [2, 0]);
}

#[test]
fn an_alert_waits_two_seconds_and_no_longer_and_what_comes_later_is_told() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    step(&mut ledger, "lane", &[(1, Updated)], 2);
    bench.settle();
    bench.clock.advance(Duration::from_millis(1900));
    assert_eq!(shorts(&bench.now(SINK)), [""; 0], "the update is not told before the violation");
    let handle = bench.handle();
    let news = handle.changed(0, Duration::ZERO);
    bench.clock.advance(Duration::from_millis(100));
    assert_ne!(handle.changed(news, Duration::from_secs(10)), news);
    assert_eq!(shorts(&bench.now(SINK)), ["1 raised", "2 updated"]);
    let given = next_alerts(&handle, SINK, 1).expect("read");
    handle.evidence(kept("lane", 1, &[EvidenceRole::Started, EvidenceRole::Raised]));
    handle.evidence(kept("lane", 1, &[EvidenceRole::Clip]));
    // The same again is nothing new.
    handle.evidence(kept("lane", 1, &[EvidenceRole::Clip]));
    bench.settle();
    assert_eq!(
        shorts(&bench.now(SINK)),
        ["1 raised", "2 updated", "3 updated +started +raised", "4 updated +started +raised +clip"]
    );
    assert_eq!(given, next_alerts(&handle, SINK, 1).expect("read"), "what was given out never changes");
}

#[test]
fn files_that_cannot_be_had_are_told_and_are_not_waited_for() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    bench.handle().evidence(lacks("lane", 1, EvidenceRole::Raised));
    bench.settle();
    let alerts = bench.now(SINK);
    assert_eq!(shorts(&alerts), ["1 raised -raised"]);
    assert!(serde_json::to_string(&alerts).expect("JSON").len() < 2000, "a reason is cut short");
    bench.handle().evidence(kept("lane", 1, &[EvidenceRole::Raised]));
    bench.settle();
    assert_eq!(shorts(&bench.now(SINK))[1..], ["2 updated +raised"], "it came after all");
    step(&mut ledger, "lane", &[(1, Ended)], 2);
    bench.handle().evidence(kept("lane", 1, &[EvidenceRole::Ended]));
    bench.handle().evidence(kept("lane", 1, &[EvidenceRole::Clip]));
    bench.settle();
    assert_eq!(shorts(&bench.now(SINK))[2..], ["3 ended +raised +ended", "4 updated +raised +ended +clip"]);
    let known = bench.handle().violations_of_day(wall(0), wall(86_400)).expect("read");
    assert_eq!((known[0].phase, known[0].evidence.len()), (Ended, 3), "more is known of it, and it is over");
}

#[test]
fn files_that_come_before_their_violation_are_not_lost() {
    let bench = Bench::new();
    bench.handle().evidence(kept("lane", 1, &[EvidenceRole::Started, EvidenceRole::Raised]));
    bench.settle();
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    bench.settle();
    assert_eq!(shorts(&bench.now(SINK)), ["1 raised +started +raised"]);
}

#[test]
fn files_are_needed_until_every_sink_has_their_alerts() {
    let bench = Bench::new();
    let handle = bench.handle();
    let name = file("lane", 1, EvidenceRole::Raised);
    assert!(!handle.refers_to(&name));
    step(&mut bench.ledger("lane"), "lane", &[(1, Raised)], 1);
    handle.evidence(kept("lane", 1, &[EvidenceRole::Raised]));
    assert!(handle.refers_to(&name) || handle.facts().in_memory > 0);
    bench.settle();
    for sink in [SINK, "raised", "lane"] {
        assert!(handle.refers_to(&name), "{sink} does not have it");
        assert!(!handle.refers_to(&file("lane", 2, EvidenceRole::Raised)));
        bench.deliver(sink, &[1]);
    }
    assert!(!handle.refers_to(&name));
}

#[test]
fn how_a_camera_does_is_committed_with_what_the_camera_knows() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    let health = CameraHealth {
        site: SiteId::new("lf-027").expect("an id"),
        camera: id("lane"),
        camera_name: "门".to_owned(),
        camera_labels: [].into(),
        since: wall(1),
    };
    let offline = Fact::Health(health.clone(), CameraFact::Offline(OfflineReason::Stalled));
    commit(&mut ledger, "lane", &[offline], 7);
    bench.settle();
    let (bench, _) = bench.reopen();
    let told = bench.now(SINK);
    let [alert] = &told[..] else { panic!("{told:#?}") };
    assert_eq!((alert.body.alert_type().name(), alert.time), ("firewarden.camera.offline", wall(1)));
    let saved = bench.handle().saved(&id("lane")).expect("read");
    assert_eq!(saved, state("lane", 7).write().ok(), "the state of that very step");
    // A program that cannot read that state knows by the alerts what was told, and that its end is to be.
    let mut known = bench.handle().health_told(&id("lane"));
    let at =
        |second: i64| When { at: MediaTime::from_micros(second * 1_000_000), wall: wall(second), epoch: 0 };
    let away = Pictures::Away(Some(OfflineReason::Stalled));
    assert!((0..100).all(|second| known.pictures(at(second), away).is_none()));
    let back = (100..200).filter_map(|second| known.pictures(at(second), Pictures::Come));
    assert_eq!(back.map(|news| news.fact).collect::<Vec<_>>(), [CameraFact::Online]);
}

#[test]
fn how_a_camera_does_is_told_once() {
    let bench = Bench::new();
    let health = |camera: &str| CameraHealth {
        site: SiteId::new("lf-027").expect("an id"),
        camera: id(camera),
        camera_name: "门".to_owned(),
        camera_labels: [].into(),
        since: wall(1),
    };
    for _ in 0..2 {
        bench.handle().health(health("lane"), CameraFact::Offline(OfflineReason::Refused));
    }
    bench.handle().health(health("post"), CameraFact::Online);
    bench.settle();
    let types =
        |sink: &str| bench.now(sink).iter().map(|alert| alert.body.alert_type().name()).collect::<Vec<_>>();
    assert_eq!(types(SINK), ["firewarden.camera.offline", "firewarden.camera.online"]);
    assert_eq!(types("lane"), ["firewarden.camera.offline"]);
    assert_eq!(bench.handle().last_sequence().expect("read"), 2);
}
