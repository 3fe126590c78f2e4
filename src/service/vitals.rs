//! How one camera does: what is told of it is found from its connection and its looks, once for all its rules.

use std::time::{Duration, Instant};

use crate::{
    config::Camera,
    domain::{CameraHealth, Record, SiteId, When},
    files,
    health::{Health, News, Pictures, key_frames_within},
    ledger::Fact,
    rules::Outlook,
    source::live::{Link, LinkState},
    words,
};

/// The connection is looked at so often.
const EVERY: Duration = Duration::from_secs(1);

/// What watches how one camera does.
pub(super) struct Vitals {
    health: Health,
    /// Whose; since when is told each time.
    camera: CameraHealth,
    link: Link,
    apart: Duration,
    drawn: String,
    /// What was measured of key frames and of the clock, and is known.
    known: (u64, u64),
    due: Option<Instant>,
}

impl Vitals {
    /// Of a camera of which this was told before.
    pub fn new(site: &SiteId, camera: &Camera, link: Link, health: Health, now: When) -> Self {
        let whose = CameraHealth {
            site: site.clone(),
            camera: camera.id.clone(),
            camera_name: camera.name.clone(),
            camera_labels: camera.labels.clone(),
            since: now.wall,
        };
        let state = link.state();
        Self {
            health,
            camera: whose,
            link,
            apart: key_frames_within(camera),
            drawn: drawn(camera),
            known: (state.intervals, state.said),
            due: None,
        }
    }

    /// What was told, and what is usual.
    pub fn save(&self) -> Health {
        self.health.clone()
    }

    /// Looks at the connection, if that is due; `clock` is the monotonic one.
    pub fn pass(&mut self, now: When, clock: Instant) -> Vec<Fact> {
        if self.due.is_some_and(|due| clock < due) {
            return Vec::new();
        }
        let is_first = self.due.is_none();
        self.due = clock.checked_add(EVERY);
        let LinkState { since, reason, keyframes, intervals, ahead, said, .. } = self.link.state();
        let pictures = if since.is_some() { Pictures::Come } else { Pictures::Away(reason) };
        let (had, heard) = std::mem::replace(&mut self.known, (intervals, said));
        let mut news = Vec::new();
        if is_first {
            news.extend(self.health.drawn(now, &self.drawn));
        }
        news.extend(self.health.pictures(now, pictures));
        if let Some(apart) = keyframes.filter(|_| intervals != had) {
            news.extend(self.health.key_frames(now, apart, self.apart));
        }
        if let Some(ahead) = ahead.filter(|_| said != heard) {
            news.extend(self.health.clock(now, ahead));
        }
        self.told(news)
    }

    /// Takes in what a step told. `outlook` is how well the camera sees after it.
    pub fn follow(&mut self, facts: &[Fact], outlook: Option<Outlook>) -> Vec<Fact> {
        let mut news = Vec::new();
        for fact in facts {
            match fact {
                Fact::Told(Record::Observation(observation), judgement) => {
                    news.extend(self.health.look(observation, outlook, judgement.moved));
                }
                Fact::Told(Record::Gap(gap), _) => self.health.gap(gap),
                _ => {}
            }
        }
        self.told(news)
    }

    /// The camera is not watched any more, since it does harm.
    pub fn set_aside(&mut self, now: When) -> Vec<Fact> {
        let news = self.health.set_aside(now).into_iter().collect();
        self.told(news)
    }

    fn told(&self, news: Vec<News>) -> Vec<Fact> {
        let told = |News { since, fact }: News| {
            tracing::warn!("camera {}: {}, since {since:.0}", self.camera.camera, words::fact(fact).1);
            Fact::Health(CameraHealth { since, ..self.camera.clone() }, fact)
        };
        news.into_iter().map(told).collect()
    }
}

/// The SHA-256 of all that draws zones onto a camera's pictures. Plain data can always be written.
fn drawn(camera: &Camera) -> String {
    let zones: Vec<_> = camera.rules.iter().map(|rule| rule.keys().zone()).collect();
    let places: Vec<_> = camera.rules.iter().map(|rule| rule.keys().place()).collect();
    let all = (camera.region, &camera.mask, zones, places);
    serde_json::to_vec(&all).map_or_else(|_| String::new(), |written| files::sha256(&written))
}
