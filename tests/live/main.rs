//! Live cameras: the program as it is started, against GStreamer's RTSP server, cameras that are odd or mean harm, kills, and a
//! clock that is set. A test whose server cannot be had on this machine is listed as ignored, by name, and never counted as passed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod clock;
#[path = "../common/mod.rs"]
mod common;
mod connection;
mod evidence;
mod faults;
#[path = "../common/film.rs"]
mod film;
mod flv;
mod health;
#[path = "../common/hostile.rs"]
mod hostile;
mod hostility;
mod manager;
mod network;
mod probing;
mod reactions;
#[path = "../common/relay.rs"]
mod relay;
mod reload;
mod sameness;
#[path = "../common/scenes.rs"]
mod scenes;
mod secrets;
mod secure;
mod server;
#[path = "../common/service.rs"]
mod service;
mod soak;
mod udp;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use libtest_mimic::{Arguments, Failed, Trial};

/// What most tests do is wait: so many go on at once on whatever machine.
const AT_ONCE: usize = 4;

/// Who is at work.
static MACHINE: RwLock<()> = RwLock::new(());

/// What a test takes of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Others may go on beside it.
    Part,
    /// All: where others are at work, looks are shed, as they are to be, and there is nothing to compare.
    All,
}

impl Takes {
    /// Waits for its turn, which ends with what is returned.
    fn turn(self) -> (Option<RwLockReadGuard<'static, ()>>, Option<RwLockWriteGuard<'static, ()>>) {
        match self {
            Self::Part => (Some(MACHINE.read().unwrap_or_else(PoisonError::into_inner)), None),
            Self::All => (None, Some(MACHINE.write().unwrap_or_else(PoisonError::into_inner))),
        }
    }
}

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let (served, clock) = (server::Server::is_here(), clock::library().is_some());
    let of = |is_here: bool, takes: Takes| {
        move |name: &str, test: fn()| {
            Trial::test(name, move || {
                let _share = takes.turn();
                std::panic::catch_unwind(test).map_err(|panic| {
                    let text = panic.downcast_ref::<String>().cloned();
                    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                    Failed::from(text.unwrap_or_default())
                })
            })
            .with_ignored_flag(!is_here)
        }
    };
    let (always, with_server, with_clock) =
        (of(true, Takes::Part), of(served, Takes::Part), of(clock, Takes::Part));
    let alone = of(served, Takes::All);
    if soak::time().is_some() {
        libtest_mimic::run(&arguments, vec![alone("soak", soak::soak)]).exit();
    }
    let tests = vec![
        with_server(
            "a_camera_that_is_gone_is_told_and_that_it_is_back_over_kills_too",
            health::gone_and_back,
        ),
        always("a_camera_whose_clock_is_off_is_told", health::clock_is_off),
        always("a_camera_that_brings_the_program_down_is_set_aside", health::brings_it_down),
        always("systemd_is_told_that_it_watches_goes_on_and_ends", manager::told),
        always("reactions_are_on_the_spot", reactions::are_on_the_spot),
        alone("what_comes_by_rtsp_in_h264_is_judged_as_what_is_analysed", sameness::h264),
        alone("what_comes_by_rtsp_in_h265_is_judged_as_what_is_analysed", sameness::h265),
        with_server("killed_again_and_again_nothing_is_lost_and_nothing_told_twice", faults::killed),
        with_server("a_server_that_is_started_again_is_connected_to_again", connection::started_again),
        with_server("a_server_that_stands_still_is_left", connection::stands_still),
        with_server("a_network_that_fails_in_each_way_is_lived_with", network::each_fault),
        with_server("each_codec_is_looked_at_behind_each_sign_in", connection::each_codec),
        with_server("a_stream_of_another_size_and_codec_goes_on", connection::another_stream),
        always("a_dead_camera_costs_the_others_nothing", connection::dead_camera),
        with_server("a_wrong_password_is_tried_once_and_shown_nowhere", secrets::wrong_password),
        with_server("a_camera_within_tls_is_read_once_its_certificate_is_known", secure::rtsps),
        always("what_run_refuses_check_refuses", secure::refused),
        with_server("what_comes_by_udp_is_looked_at", udp::each_codec),
        with_server("what_is_lost_by_udp_is_not_looked_at", udp::losses),
        with_server("what_comes_by_udp_in_another_order_is_put_in_order", udp::order),
        always("a_stream_in_flv_is_read_by_http", flv::plain),
        always("a_stream_in_flv_is_read_within_tls_behind_a_password", flv::within_tls),
        always("what_is_no_flv_is_told", flv::refusals),
        always("attacks_are_bounded", hostility::attacks),
        always("oddities_are_lived_with", hostility::oddities),
        always("refusals_are_told", hostility::refusals),
        always("a_probe_says_what_is_seen_and_why_nothing_is", probing::probed),
        with_server("a_changed_configuration_touches_what_changed", reload::changed),
        always("two_programs_keep_no_evidence_in_one_folder", reload::evidence_is_ones_own),
        always("told_to_end_it_drains_and_told_twice_it_ends", reload::ends),
        with_clock("a_clock_set_forward_changes_nothing_but_what_it_shows", clock::forward),
        with_clock("a_clock_set_back_changes_nothing_but_what_it_shows", clock::back),
        with_server("evidence_is_what_alerts_say", evidence::alerts_name_it),
    ];
    libtest_mimic::run(&arguments, tests).exit();
}
