//! A glimpse of cameras before they are watched: each is opened and looked at for half a minute, or the beginning of its recordings
//! for a minute. It tells whether pictures come, and what its rules see in their zones. Nothing is kept.

mod brief;
mod memory;

use std::{sync::Arc, time::Duration};

use brief::{Brief, Until, refused};
use memory::Memory;

use crate::{
    clock::{Clock, System},
    config::{Camera, Config, SourceAddress},
    detect::Models,
    domain::{CameraId, MediaTime, OfflineReason},
    engine::{self, Looking, PipelineError, Progress, Task, WhenFull},
    judge::Judge,
    results::Outcome,
    source::{
        Options, Recording, Source, files,
        live::{CameraDial, Dial, Hosts, Link, LiveSource},
        rtsp::Guards,
        sought,
    },
    stop::Stop,
};

/// So much of a recording is looked at.
const OF_RECORDING: Duration = Duration::from_secs(60);
/// So long a live camera is looked at, from its first picture on.
const OF_LIVE: Duration = Duration::from_secs(32);
/// So many live cameras are looked at together.
const TOGETHER: usize = 16;

/// What was seen of a camera.
#[derive(Debug)]
pub struct Glimpse {
    /// Which.
    pub camera: CameraId,
    /// What was looked at, and what its rules made of it.
    pub outcome: Outcome,
    /// Of a live camera: how it was connected, or why it was not.
    pub link: Option<LinkGlimpse>,
    /// What could not be read or looked at.
    pub failures: Vec<PipelineError>,
}

/// How a live camera was connected.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkGlimpse {
    /// Why no pictures came, and the same in words, with the way out; none where they came.
    pub refused: Option<(OfflineReason, String)>,
    /// How far its key frames lie apart, where two came.
    pub keyframes: Option<Duration>,
    /// Bytes of pictures a second, where they came for long enough.
    pub bytes_per_s: Option<f64>,
}

impl Glimpse {
    /// Whether pictures of it came. None of them is looked at where its rules are out of their hours.
    pub fn has_pictures(&self) -> bool {
        !self.outcome.epochs.is_empty()
    }

    /// Whether pictures were to be looked at, and none could be.
    pub fn is_unseen(&self) -> bool {
        self.outcome.looks == 0 && self.outcome.missed > 0
    }
}

/// Looks at all cameras of a configuration. What can be seen of a camera is in its glimpse, whatever goes wrong with it.
pub fn glimpses(config: &Config, models: &Models, guards: &Guards, stop: &Stop) -> Vec<Glimpse> {
    let clock: Arc<dyn Clock> = Arc::new(System);
    let hosts = Hosts::new(Arc::clone(&clock));
    let default = config.detector.model.as_str().into();
    let live: Vec<Option<(String, LiveSource)>> = config
        .cameras
        .iter()
        .map(|camera| {
            let SourceAddress::Live(live) = &camera.source else { return None };
            let dial = CameraDial::new(live.clone(), guards.clone(), camera.pixel_aspect);
            let host = dial.host().to_owned();
            let (id, dial) = (camera.id.clone(), Box::new(dial));
            Some((host, LiveSource::new(id, dial, hosts.clone(), Arc::clone(&clock), None)))
        })
        .collect();
    let links: Vec<Option<(String, Link)>> =
        live.iter().map(|live| live.as_ref().map(|(host, source)| (host.clone(), source.link()))).collect();
    let beside = |own: &str| {
        let same = links.iter().flatten().filter(|(host, _)| host == own);
        same.map(|(_, link)| link.clone()).collect::<Vec<_>>()
    };
    let mut tasks = Vec::new();
    for (camera, live) in config.cameras.iter().zip(live) {
        let is_live = live.is_some();
        let source: Box<dyn Source> = match live {
            Some((host, source)) => {
                let until = Until::Live { link: source.link(), beside: beside(&host) };
                Box::new(Brief::new(source, OF_LIVE, until))
            }
            None => Box::new(Brief::new(recording(config, camera, stop), OF_RECORDING, Until::Recorded)),
        };
        tasks.push(Task {
            camera: camera.id.clone(),
            judge: Judge::new(&config.site, camera, &default),
            sent: None,
            source,
            when_full: if is_live { WhenFull::Newest } else { WhenFull::Block },
            looking: Looking::of(camera, &config.detector),
            ledger: Memory::default(),
        });
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let names = models.names();
    let ended = engine::analyze(tasks, threads, TOGETHER, &names, &|| models.detectors(), &Unwatched, stop);
    let glimpse = |(ended, link): (engine::Ended<Memory>, &Option<(String, Link)>)| Glimpse {
        link: link.as_ref().map(|(host, link)| LinkGlimpse::of(link, &beside(host), &ended.ledger.outcome)),
        camera: ended.camera,
        outcome: ended.ledger.outcome,
        failures: ended.failures,
    };
    ended.into_iter().zip(&links).map(glimpse).collect()
}

/// The recordings of a camera. Where there are none, that is told by what comes of it.
fn recording(config: &Config, camera: &Camera, stop: &Stop) -> Recording {
    let options = Options {
        zone: config.site.timezone.clone(),
        pixel_aspect: camera.pixel_aspect,
        rate: camera.rate,
        sought: sought(camera),
        stop: stop.clone(),
        ..Options::default()
    };
    // One is enough: the others were opened before.
    let first = files(camera).unwrap_or_default().into_iter().take(1).collect();
    Recording::open(camera.id.clone(), first, options)
}

impl LinkGlimpse {
    /// Of a camera of which this was seen, and of those behind the same machine.
    fn of(link: &Link, beside: &[Link], seen: &Outcome) -> Self {
        let state = link.state();
        let refused = match state.reason {
            Some(reason) => Some((reason, state.words)),
            None if !seen.epochs.is_empty() => None,
            None => Some(match beside.iter().find(|link| refused(link)) {
                Some(other) => (
                    other.state().reason.unwrap_or(OfflineReason::Unauthorized),
                    "it was not asked, as the machine it is behind refused another camera of this configuration and locks \
                     out whoever goes on asking"
                        .to_owned(),
                ),
                None => (OfflineReason::Stalled, "no picture came".to_owned()),
            }),
        };
        let bytes_per_s = Some(state.bytes_per_s).filter(|rate| *rate > 0.0);
        Self { refused, keyframes: state.keyframes, bytes_per_s }
    }
}

/// Nobody waits for its progress.
struct Unwatched;

impl Progress for Unwatched {
    fn reached(&self, _: &CameraId, _: Option<&str>, _: MediaTime) {}
}
