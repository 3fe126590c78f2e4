use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use jiff::Timestamp;

use super::counts::{Counts, Tally};
use crate::{
    domain::CameraId,
    source::live::{Link, LinkState},
};

/// What is known of all cameras, for whoever asks meanwhile. Copies share it.
#[derive(Debug, Clone)]
pub struct Board(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Timestamp,
    cameras: Mutex<BTreeMap<CameraId, Known>>,
}

/// What is known of a camera.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub link: Link,
    pub counts: Counts,
}

/// What is known of a camera at one moment.
#[derive(Debug, Clone)]
pub struct CameraFacts {
    /// The camera.
    pub camera: CameraId,
    /// How it is connected.
    pub link: LinkState,
    /// How often it was connected to again within the last hour.
    pub reconnects: usize,
    /// What its looks came to.
    pub tally: Tally,
}

impl Board {
    pub(super) fn new(began: Timestamp) -> Self {
        Self(Arc::new(Inner { began, cameras: Mutex::default() }))
    }

    /// Since when the program runs.
    pub fn began(&self) -> Timestamp {
        self.0.began
    }

    /// Every camera that is watched, by its id.
    pub fn cameras(&self) -> Vec<CameraFacts> {
        self.facts(Counts::tally)
    }

    /// The same; the longest lags begin anew.
    pub(super) fn cameras_anew(&self) -> Vec<CameraFacts> {
        self.facts(Counts::tally_anew)
    }

    fn facts(&self, tally: impl Fn(&Counts) -> Tally) -> Vec<CameraFacts> {
        let now = Instant::now();
        let cameras = self.lock();
        let facts = cameras.iter().map(|(camera, known)| CameraFacts {
            camera: camera.clone(),
            link: known.link.state(),
            reconnects: known.link.reconnects(now),
            tally: tally(&known.counts),
        });
        facts.collect()
    }

    pub(super) fn put(&self, camera: CameraId, known: Known) {
        self.lock().insert(camera, known);
    }

    /// What was counted of a camera that is watched again goes on.
    pub(super) fn counts(&self, camera: &CameraId) -> Counts {
        self.lock().get(camera).map(|known| known.counts.clone()).unwrap_or_default()
    }

    pub(super) fn remove(&self, camera: &CameraId) {
        self.lock().remove(camera);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<CameraId, Known>> {
        self.0.cameras.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
