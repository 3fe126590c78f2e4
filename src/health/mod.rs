//! What is told of a camera's health: that it is offline, sees nothing, was moved, has a wrong clock or key frames too far apart,
//! and that this is over. Pure: it knows of no camera but what it is told.
//!
//! Each trouble is a state machine of its own. It begins once it has lasted, and is over once its contrary has lasted: what
//! flickers tells nothing, and nothing is told twice in a row. What was told is [saved](Health) with what the camera knows, in
//! the commit that tells it, so that a restart neither repeats it nor forgets that its end is to be told.
//!
//! ```text
//!  away       no pictures come, or they come again
//!  sight      it is dark, blinded, covered, frozen or out of focus (focus), or sees again
//!  moved      it looks elsewhere, or where it looked, or its zones were drawn anew
//!  lasting    its clock, its key frames: wrong or right so many times in a row
//! ```

mod away;
mod focus;
mod lasting;
mod moved;
mod sight;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::{
    away::Away,
    lasting::{Change, Lasting, Seems},
    moved::Moved,
    sight::Sight,
};
use crate::{
    config::Camera,
    domain::{AlertBody, CameraFact, Gap, Impairment, MediaTime, Observation, OfflineReason, When},
    rules::Outlook,
};

/// Pictures must have been away for so long before a camera is offline.
pub const OFFLINE_AFTER: Duration = Duration::from_secs(30);
/// They must come again for so long, without a break, before it is online.
pub const ONLINE_AFTER: Duration = Duration::from_secs(10);
/// It must see nothing for so long before it is obstructed. A picture that stands still has done so before it is known to.
pub const OBSTRUCTED_AFTER: Duration = Duration::from_secs(60);
/// It must see for so long before it is restored.
pub const SEES_AFTER: Duration = Duration::from_secs(30);
/// The same where its picture stood still: after each new connection half of that passes before it is known to stand still again.
pub const MOVES_AFTER: Duration = Duration::from_secs(60);
/// The same where it was dark: the light of an elevator that is switched on for a ride says nothing of the night.
pub const LIGHT_AFTER: Duration = Duration::from_secs(300);
/// A clock is wrong that is off by more, and right again where it is off by less than the other.
pub const CLOCK_OFF: SignedDuration = SignedDuration::from_secs(60);
/// As above.
pub const CLOCK_RIGHT: SignedDuration = SignedDuration::from_secs(30);
/// So many reports of a clock in a row, or intervals between key frames, tell.
pub const IN_A_ROW: u32 = 3;

/// A clock that is ahead by more is none, but counts from when the camera was switched on: that is told as of 2036.
const NO_CLOCK: SignedDuration = SignedDuration::from_hours(5 * 8766);
/// The box's own clock was not set yet where it is before this: 2025-01-01.
const SET: i64 = 1_735_689_600;

/// Whether pictures come from a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// They do.
    Come,
    /// They do not, and why; none where it is just being connected to.
    Away(Option<OfflineReason>),
}

/// Something that is to be told of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// Since when it has been so, on the wall.
    pub since: Timestamp,
    /// What.
    pub fact: CameraFact,
}

/// How a camera does, as far as it was told and as what is to be told next follows from. What is saved of it is what was told,
/// and what is usual; what has begun and was not told begins anew.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    away: Away,
    sight: Sight,
    moved: Moved,
    clock: Lasting,
    keyframes: Lasting,
}

/// How far key frames may lie apart for a camera's rules: so many times what the rule needs that looks most often while nothing moves, and
/// no less than the one and no more than the other. Up to there pictures between them are decoded, which takes time; beyond it looks after a
/// connection, and clips, begin late.
pub fn key_frames_within(camera: &Camera) -> Duration {
    const TIMES: u32 = 5;
    const APART: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(10));
    let quiet = camera.rules.iter().map(|rule| rule.quiet()).min().unwrap_or(APART.1);
    quiet.saturating_mul(TIMES).clamp(APART.0, APART.1)
}

impl Health {
    /// What was told by these alerts, in their order, and nothing else.
    pub fn told<'a>(alerts: impl IntoIterator<Item = &'a AlertBody>) -> Self {
        let mut health = Self::default();
        for alert in alerts {
            match alert {
                AlertBody::CameraOffline(offline) => health.away.set(Some(offline.health.since)),
                AlertBody::CameraOnline(_) => health.away.set(None),
                AlertBody::CameraObstructed(told) => health.sight.set(Some((told.reason, told.health.since))),
                AlertBody::CameraMoved(told) => health.moved.set(Some(told.since)),
                AlertBody::CameraClock(told) => health.clock.set(Some(told.health.since)),
                AlertBody::CameraKeyframes(told) => health.keyframes.set(Some(told.health.since)),
                AlertBody::CameraRestored(over) => match over.was {
                    Impairment::Obstructed => health.sight.set(None),
                    Impairment::Moved => health.moved.set(None),
                    Impairment::Clock => health.clock.set(None),
                    Impairment::Keyframes => health.keyframes.set(None),
                },
                _ => {}
            }
        }
        health
    }

    /// Whether pictures come at `now`: to be told every second or so.
    pub fn pictures(&mut self, now: When, pictures: Pictures) -> Option<News> {
        if pictures != Pictures::Come {
            // The next connection may be to another camera.
            self.clock.interrupt();
            self.keyframes.interrupt();
        }
        self.away.take(now, pictures)
    }

    /// The camera is not watched any more, since it does harm. It is offline at once, if that was not told.
    pub fn set_aside(&mut self, now: When) -> Option<News> {
        self.away.set_aside(now)
    }

    /// Takes in a look. `outlook` is how well the camera sees by now, and `moved` since when it looks elsewhere, where this look
    /// has made that certain.
    pub fn look(
        &mut self,
        observation: &Observation,
        outlook: Option<Outlook>,
        moved: Option<MediaTime>,
    ) -> Vec<News> {
        let seen = self.sight.look(observation, outlook);
        let moved = moved.and_then(|since| self.moved.take(observation, since));
        seen.into_iter().chain(moved).collect()
    }

    /// Nobody could look: that time counts for nothing.
    pub fn gap(&mut self, gap: &Gap) {
        self.sight.gap(gap);
    }

    /// Its zones are drawn so, by a digest of all that draws them: a camera that was moved is restored where they were drawn anew.
    pub fn drawn(&mut self, now: When, digest: &str) -> Option<News> {
        self.moved.drawn(now, digest)
    }

    /// It says that its clock is ahead of the box's by so much, or behind it where that is negative.
    pub fn clock(&mut self, now: When, off_by: SignedDuration) -> Option<News> {
        if off_by > NO_CLOCK || now.wall.as_second() < SET {
            self.clock.interrupt();
            return None;
        }
        let seems = match off_by.abs() {
            off if off > CLOCK_OFF => Seems::Wrong,
            off if off < CLOCK_RIGHT => Seems::Right,
            _ => Seems::Between,
        };
        let (since, fact) = match self.clock.take(seems, now.wall, IN_A_ROW)? {
            Change::Begun(since) => (since, CameraFact::Clock(off_by)),
            Change::Over(since) => (since, CameraFact::Restored(Impairment::Clock)),
        };
        Some(News { since, fact })
    }

    /// So much time lies between its last key frames, and no more than `bound` is to.
    pub fn key_frames(&mut self, now: When, apart: Duration, bound: Duration) -> Option<News> {
        let seems = match apart {
            apart if apart > bound => Seems::Wrong,
            apart if apart <= bound.mul_f64(0.8) => Seems::Right,
            _ => Seems::Between,
        };
        let (since, fact) = match self.keyframes.take(seems, now.wall, IN_A_ROW)? {
            Change::Begun(since) => (since, CameraFact::Keyframes(apart)),
            Change::Over(since) => (since, CameraFact::Restored(Impairment::Keyframes)),
        };
        Some(News { since, fact })
    }

    /// Whether it can have come about.
    pub fn is_sound(&self) -> bool {
        self.sight.is_sound() && self.moved.is_sound()
    }
}
