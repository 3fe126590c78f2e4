//! What several commands set up: configuration, models, recordings.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use thiserror::Error;

use crate::{
    catalog::Store,
    config::{Camera, Config, DetectorConfig, Provider, SourceAddress},
    detect::{self, DetectError, Detector, OnnxModel, Runtime},
    domain::{CameraId, ModelName},
    libav::{Input, Limits},
    report::ModelFact,
};

/// A command that was used in a way that cannot work.
#[derive(Debug, Error)]
pub enum UsageError {
    /// A live camera where a recording is wanted.
    #[error("camera {camera}: {source_shown} is a live camera; this command takes recordings")]
    Live {
        /// Whose.
        camera: CameraId,
        /// Its address, without credentials.
        source_shown: String,
    },
    /// A glob that cannot be read.
    #[error("camera {camera}: {pattern:?} is no pattern of files: {reason}")]
    Pattern {
        /// Whose.
        camera: CameraId,
        /// As written.
        pattern: String,
        /// Why.
        reason: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// The models of a configuration, ready to make detectors from.
pub struct Models {
    runtime: Runtime,
    /// Name and model, in the order in which workers make their detectors.
    all: Vec<(ModelName, Arc<OnnxModel>)>,
}

impl Models {
    /// Fetches and reads the detector's model and those of rules of their own.
    ///
    /// # Errors
    /// [`DetectError`] where one cannot be had or does not fit.
    pub fn load(config: &Config) -> Result<Self, DetectError> {
        let own: Vec<ModelName> = config
            .cameras
            .iter()
            .flat_map(|camera| &camera.rules)
            .filter_map(|rule| rule.model.clone())
            .filter(|model| **model != *config.detector.model)
            .collect();
        let mut models = Self::load_one(&config.detector)?;
        let store = Store::from_env()?;
        for name in own {
            if models.all.iter().all(|(known, _)| *known != name) {
                let model =
                    detect::load(&name, &config.detector, Some(name.clone()), &models.runtime, &store)?;
                models.all.push((name, model));
            }
        }
        Ok(models)
    }

    /// Fetches and reads one model.
    ///
    /// # Errors
    /// [`DetectError`] where it cannot be had or does not fit.
    pub fn load_one(detector: &DetectorConfig) -> Result<Self, DetectError> {
        let store = Store::from_env()?;
        let runtime = Runtime::load(&store.cache)?.on(detector.provider, detector.require)?;
        let model = detect::load(&detector.model, detector, None, &runtime, &store)?;
        Ok(Self { runtime, all: vec![(detector.model.as_str().into(), model)] })
    }

    /// Their names, in the order of [`detectors`](Self::detectors).
    pub fn names(&self) -> Vec<ModelName> {
        self.all.iter().map(|(name, _)| name.clone()).collect()
    }

    /// What runs them.
    pub fn provider(&self) -> Provider {
        self.runtime.provider()
    }

    /// What a report says of them.
    pub fn facts(&self) -> Vec<ModelFact> {
        let fact = |(name, model): &(ModelName, Arc<OnnxModel>)| ModelFact {
            name: name.to_string(),
            sha256: model.sha256().to_owned(),
            provider: self.provider(),
        };
        self.all.iter().map(fact).collect()
    }

    /// Makes the detectors of one worker.
    ///
    /// # Errors
    /// [`DetectError`] where ONNX Runtime refuses.
    pub fn detectors(&self) -> Result<Vec<Box<dyn Detector>>, DetectError> {
        self.all
            .iter()
            .map(|(_, model)| Ok(Box::new(model.detector(&self.runtime)) as Box<dyn Detector>))
            .collect()
    }
}

/// The files of a camera's recording: the one named, or those that the pattern finds, sorted by name.
///
/// # Errors
/// [`UsageError`] for a live camera or an unreadable pattern.
pub fn files(camera: &Camera) -> Result<Vec<PathBuf>, UsageError> {
    let path = match &camera.source {
        SourceAddress::Recording(path) => path,
        SourceAddress::Live(_) => {
            return Err(UsageError::Live {
                camera: camera.id.clone(),
                source_shown: camera.source.to_string(),
            });
        }
    };
    let text = path.to_string_lossy();
    // A file whose name has brackets is meant as that file.
    if path.exists() || !text.contains(['*', '?', '[']) {
        return Ok(vec![path.clone()]);
    }
    let found = glob::glob(&text).map_err(|error| UsageError::Pattern {
        camera: camera.id.clone(),
        pattern: text.to_string(),
        reason: error.to_string(),
    })?;
    Ok(found.filter_map(Result::ok).filter(|path: &PathBuf| path.is_file()).collect())
}

/// The number of processors, where `--threads` does not say.
pub fn threads(given: Option<usize>) -> usize {
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).clamp(1, 256)
}

/// How long a file says that it is; none where it cannot be opened or does not say.
pub fn length(file: &Path) -> Option<Duration> {
    let input = Input::open(&file.to_string_lossy(), &Limits::default()).ok()?;
    Some(Duration::from_micros(u64::try_from(input.duration()?).ok()?))
}
