//! What holds while the same models are wanted.

use std::{thread, time::Duration};

use super::{
    reload::Reload,
    roster::{Means, Roster},
};
use crate::{config::Config, detect::Models, engine::Crew, stop::Stop};

/// How often it is looked after what happened.
const ROUND: Duration = Duration::from_millis(100);

/// Why a shift ended.
pub(super) enum ShiftEnd {
    /// The program is to end.
    Stopped,
    /// All that was to be watched were recordings, and they are over.
    Over,
    /// Other models are wanted, and these are they.
    Changed(Models),
}

/// Watches the cameras of `config`, and of those that take its place, until other models are wanted or it is to end. The
/// configuration in force then. Cameras are watched on while models are loaded: where they cannot be had, nothing changes.
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
        roster.retire_strangers(&config);
        roster.follow(&config);
        let end = loop {
            if stop.is_set() {
                break ShiftEnd::Stopped;
            }
            if let Some(new) = reload.wanted(&config) {
                if new.detector == config.detector && models_of(&new) == models_of(&config) {
                    config = new;
                    roster.follow(&config);
                } else {
                    match Models::load(&new) {
                        Ok(models) => {
                            config = new;
                            break ShiftEnd::Changed(models);
                        }
                        Err(error) => tracing::error!("the configuration stays as it was: {error}"),
                    }
                }
            }
            if !roster.look_after(&config) {
                break ShiftEnd::Over;
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
