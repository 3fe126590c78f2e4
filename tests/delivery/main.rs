//! Delivery to real peers on loopback: an MQTT broker (mosquitto), a NATS server with JetStream, a webhook's endpoint, an S3 server
//! (moto), a disk that is full. They are killed, frozen, refuse, forget, lie; so is the box. What was made happen is known by the
//! script that did it, and what came of it is counted on the other side. A test whose peer cannot be had on this machine is listed
//! as ignored, by name, and never counted as passed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod asked;
mod brokers;
mod certificates;
mod child;
#[path = "../common/mod.rs"]
mod common;
mod credentials;
mod disk;
#[path = "../common/film.rs"]
mod film;
mod gate;
#[path = "../common/hostile.rs"]
mod hostile;
mod jetstream;
mod kills;
mod log;
mod mosquitto;
mod mqtt;
mod nats;
mod peer;
mod permissions;
mod process;
mod receiver;
#[path = "../common/scenes.rs"]
mod scenes;
mod script;
#[path = "../common/service.rs"]
mod service;
mod soak;
mod station;
mod subscriber;
mod subscribers;
mod uploads;
mod verdicts;
mod webhook;

use std::panic::UnwindSafe;

use brokers::Kind;
use libtest_mimic::{Arguments, Failed, Trial};

/// What most tests do is wait: so many go on at once on whatever machine.
const AT_ONCE: usize = 4;

/// What can happen to a broker, by its name.
type Way = (&'static str, fn(Kind));

fn main() {
    if let Some(folder) = std::env::var_os(child::CHILD) {
        return child::run(folder.as_ref());
    }
    log::keep();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    if soak::time().is_some() {
        let soak = test("soak", kills::Platforms::are_here(), soak::soak);
        libtest_mimic::run(&arguments, vec![soak]).exit();
    }
    let (mqtt, nats) = (Kind::Mqtt.is_here(), Kind::Nats.is_here());
    let (all, moto, mounts) = (kills::Platforms::are_here(), uploads::moto_is_here(), disk::may_mount());
    let subscribes = subscriber::are_here();
    if !mounts {
        eprintln!("this user may mount no disk: what a full one does is not tested (run as root)");
    }
    // The longest first.
    let mut tests = vec![
        test("killed_while_violations_come_and_go", all, kills::while_violations_come_and_go),
        test("killed_while_alerts_come", all, kills::while_alerts_come),
        test("webhook_that_is_silent", true, webhook::silent),
        test("webhook_that_is_slow", true, webhook::slow),
    ];
    for (name, kind) in [("mqtt", Kind::Mqtt), ("nats", Kind::Nats)] {
        let ways: [Way; 6] = [
            ("is_frozen_and_thawed", brokers::frozen_and_thawed),
            ("is_killed_and_back", brokers::killed_and_back),
            ("is_away_for_a_while", brokers::away_for_a_while),
            ("refuses", brokers::refusing),
            ("shows_certificates", brokers::certificates),
            ("is_out_of_the_configuration", brokers::out_of_the_configuration),
        ];
        for (way, of) in ways {
            tests.push(test(&format!("{name}_{way}"), kind.is_here(), move || of(kind)));
        }
        let ways: [Way; 2] =
            [("is_killed", subscribers::killed), ("knows_of_filters", subscribers::filtered)];
        for (way, of) in ways {
            let is_here = kind.is_here() && subscribes;
            tests.push(test(&format!("subscriber_by_{name}_{way}"), is_here, move || of(kind)));
        }
    }
    tests.extend([
        test("mosquitto_allows_what_the_sample_says", mqtt && subscribes, permissions::mosquitto),
        test("nats_allows_what_the_sample_says", nats && subscribes, permissions::nats),
        test("nats_lets_in_by_credentials", nats && subscribes, credentials::credentials),
        test("verdicts_are_kept_with_the_violation", mqtt && nats, verdicts::kept_with_the_violation),
        test("mqtt_takes_no_packet_too_large", mqtt, || mqtt::too_large("max_packet_size")),
        test("mqtt_takes_no_message_too_large", mqtt, || mqtt::too_large("message_size_limit")),
        test("mqtt_lost_what_nobody_heard_and_the_platform_asks_for_it", mqtt, mqtt::holes_are_filled),
        test("mqtt_has_one_client_id_for_two_boxes", mqtt, mqtt::one_client_id),
        test("everything_is_asked_for_again_and_comes_bounded", mqtt, asked::everything_again),
        test("life_is_seen_by_mqtt", mqtt, asked::life_by_mqtt),
        test("nats_has_no_stream_yet", nats, jetstream::no_stream),
        test("nats_has_another_stream", nats, jetstream::another_stream),
        test("nats_is_full", nats, jetstream::full),
        test("nats_takes_nothing_too_large", nats, jetstream::too_large),
        test("nats_keeps_each_once", nats, jetstream::repeats_are_known),
        test("what_is_asked_for_again_comes_by_nats", nats, asked::again_by_nats),
        test("life_is_seen_by_nats", nats, asked::life_by_nats),
        test("webhook_that_fails_and_is_well", true, webhook::fails_and_is_well),
        test("webhook_that_says_when", true, webhook::says_when),
        test("webhook_that_refuses_one", true, webhook::refuses_one),
        test("webhook_whose_answers_are_lost", true, webhook::answers_are_lost),
        test("webhook_that_shows_certificates", true, webhook::tls),
        test("disk_that_is_full", mounts, disk::full_for_a_file),
        test("database_that_is_locked", true, disk::locked),
        test("database_that_is_damaged", true, disk::damaged),
        test("clock_that_is_set", true, disk::clock_steps),
        test("evidence_is_put_by_http", true, uploads::plain),
        test("evidence_is_put_by_tls", true, uploads::tls),
        test("evidence_is_put_at_somebody_who_lies", true, uploads::lies),
        test("evidence_is_put_into_a_bucket", moto, uploads::s3),
    ]);
    libtest_mimic::run(&arguments, tests).exit();
}

fn test(name: &str, is_here: bool, test: impl FnOnce() + Send + UnwindSafe + 'static) -> Trial {
    let run = move || {
        std::panic::catch_unwind(test).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Failed::from(text.unwrap_or_default())
        })
    };
    Trial::test(name, run).with_ignored_flag(!is_here)
}
