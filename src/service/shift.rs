//! What holds while the same models are wanted.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    roster::{Means, Roster},
    running::Reload,
};
use crate::{config::Config, detect::Models, engine::Crew, stop::Stop};

/// How often it is looked after what happened.
const ROUND: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);

/// Why a shift ended.
pub(super) enum ShiftEnd {
    /// The program is to end.
    Stopped,
    /// All that was to be watched were recordings, and they are over.
    Over,
    /// Other models are wanted.
    Changed(Box<Config>),
}

/// Watches the cameras of `config`, and of those that take its place, until other models are wanted or it is to end.
pub(super) fn hold(
    mut config: Config,
    models: &Models,
    threads: usize,
    means: &Means,
    reload: &Reload,
    stop: &Stop,
) -> (Config, ShiftEnd) {
    // Set once the cameras have ended: until then looks at hand are finished.
    let leave = Stop::default();
    let detectors = || models.detectors();
    let end = thread::scope(|scope| {
        let crew = Crew::start(scope, threads, &detectors, &leave);
        let mut roster = Roster::new(scope, means.clone(), crew, models);
        roster.follow(&config);
        let mut told = Instant::now();
        let end = loop {
            if stop.is_set() {
                break ShiftEnd::Stopped;
            }
            if let Some(new) = reload.wanted(&config) {
                if new.detector != config.detector
                    || models_of(&new) != models_of(&config)
                    || new.site != config.site
                {
                    break ShiftEnd::Changed(Box::new(new));
                }
                config = new;
                roster.follow(&config);
            }
            if !roster.look_after(&config) {
                break ShiftEnd::Over;
            }
            if told.elapsed() >= MINUTE {
                told = Instant::now();
                tell(means);
            }
            stop.sleep(ROUND);
        };
        roster.end_all();
        leave.set(crate::stop::Signal::Terminate);
        end
    });
    (config, end)
}

/// The models that rules have of their own.
fn models_of(config: &Config) -> std::collections::BTreeSet<&str> {
    config.cameras.iter().flat_map(|camera| &camera.rules).filter_map(|rule| rule.model.as_deref()).collect()
}

/// Says once a minute what is known of each camera.
fn tell(means: &Means) {
    for facts in means.board.cameras_anew() {
        let (link, tally) = (&facts.link, &facts.tally);
        let per = |time: Duration| time.as_secs_f64() * 1e3 / tally.pictures.max(1) as f64;
        tracing::info!(
            camera = %facts.camera,
            connected = link.since.is_some(),
            reason = link.reason.map_or("", |reason| reason.name()),
            kbit_s = (link.bytes_per_s * 8.0 / 1e3).round(),
            key_frames_s = link.keyframes.map_or(0.0, |apart| apart.as_secs_f64()),
            wanted = tally.wanted,
            taken = tally.taken,
            dropped = ?tally.dropped,
            decode_ms = per(tally.decoding),
            look_ms = per(tally.looking),
            lag_s = tally.longest_lag.as_secs_f64(),
            reconnects = facts.reconnects,
            "facts"
        );
    }
}
