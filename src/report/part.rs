//! What a report is made of, put together once: its parts are handed what they show, and ask no configuration.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{Report, Verdict};
use crate::{
    config::Camera,
    domain::{CameraId, Epoch, MediaTime, Violation, WallOrigin},
    results::{Entry, ModelFact, Outcome, Run, SourceFact},
};

/// A page, before it is written.
pub struct Page<'a> {
    /// The site's name.
    pub name: &'a str,
    /// The zone in which all times are told.
    pub zone: &'a TimeZone,
    /// The machine that analysed.
    pub box_id: &'a str,
    /// SHA-256 of the configuration.
    pub config_sha256: &'a str,
    pub cameras: Vec<CameraPart<'a>>,
    /// In the order in which they are told.
    pub violations: &'a [Violation],
    pub entries: &'a [Entry],
    pub models: &'a [ModelFact],
    /// The version of Firewarden that analysed.
    pub firewarden: &'a str,
    pub run: Option<Run>,
    pub sums: &'a str,
}

/// One camera of a page.
pub struct CameraPart<'a> {
    pub camera: &'a Camera,
    pub outcome: &'a Outcome,
    pub sources: &'a [SourceFact],
    /// Its own, with their numbers on the page.
    pub violations: Vec<(usize, &'a Violation)>,
    pub verdict: Verdict,
}

impl<'a> Page<'a> {
    /// Of all that a report is made of.
    pub fn of(report: &Report<'a>) -> Self {
        let Report { summary, violations, entries, run, sums, .. } = *report;
        let configuration = &summary.configuration;
        let outcome = |camera: &Camera| summary.cameras.iter().find(|part| part.camera == camera.id);
        let cameras = configuration.cameras.iter().filter_map(|camera| Some((camera, outcome(camera)?)));
        let cameras = cameras.map(|(camera, part)| CameraPart {
            camera,
            outcome: &part.outcome,
            sources: &part.sources,
            violations: numbered(violations).filter(|(_, v)| v.camera == camera.id).collect(),
            verdict: Verdict::of_camera(camera, &part.outcome, violations),
        });
        Self {
            name: &configuration.site.name,
            zone: &configuration.site.timezone,
            box_id: &configuration.box_id,
            config_sha256: &configuration.sha256,
            cameras: cameras.collect(),
            violations,
            entries,
            models: &summary.models,
            firewarden: &summary.firewarden,
            run,
            sums,
        }
    }

    /// Up to when a camera was analysed.
    pub fn until(&self, camera: &CameraId) -> Option<MediaTime> {
        let part = self.cameras.iter().find(|part| part.camera.id == *camera)?;
        Some(part.outcome.until)
    }
}

impl CameraPart<'_> {
    /// Whether anything of it was looked at.
    pub fn is_analysed(&self) -> bool {
        self.outcome.looks > 0
    }

    /// How long the camera's picture could not tell what one of its rules asks: the longest of any.
    pub fn unclear(&self) -> Duration {
        self.outcome.watched.iter().map(|rule| rule.unclear).max().unwrap_or_default()
    }

    /// How long one of its rules was not in force: the longest of any.
    pub fn not_in_force(&self) -> Duration {
        let looked = self.outcome.looked_at();
        let rules = self.camera.rules.iter().zip(&self.outcome.watched);
        let of_hours = rules.filter(|(rule, _)| !rule.schedule.is_always());
        of_hours.map(|(_, watched)| looked.saturating_sub(watched.in_force)).max().unwrap_or_default()
    }

    /// How it is known when its recordings began, each way once.
    pub fn origins(&self) -> Vec<WallOrigin> {
        let mut origins = Vec::new();
        for epoch in &self.outcome.epochs {
            if !origins.contains(&epoch.wall_origin) {
                origins.push(epoch.wall_origin);
            }
        }
        origins
    }

    /// How the wall time of a media time is known.
    pub fn origin(&self, at: MediaTime) -> Option<WallOrigin> {
        epoch_at(&self.outcome.epochs, at).map(|epoch| epoch.wall_origin)
    }
}

/// Violations with their numbers in the report, from 1.
pub fn numbered(violations: &[Violation]) -> impl Iterator<Item = (usize, &Violation)> {
    violations.iter().enumerate().map(|(index, violation)| (index + 1, violation))
}

/// The wall time of a media time, in the epoch that holds it.
pub fn wall(epochs: &[Epoch], at: MediaTime) -> Option<Timestamp> {
    let epoch = epoch_at(epochs, at)?;
    let micros = at.as_micros().saturating_sub(epoch.from.as_micros());
    epoch.wall.checked_add(jiff::SignedDuration::from_micros(micros)).ok()
}

/// The epoch that holds a media time.
fn epoch_at(epochs: &[Epoch], at: MediaTime) -> Option<&Epoch> {
    epochs.iter().rev().find(|epoch| epoch.from <= at).or(epochs.first())
}
