//! What several commands set up: configuration, models, recordings.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use thiserror::Error;

use super::pattern::find;
use crate::{
    catalog::Store,
    config::{Camera, Config, DetectorConfig, Provider, RuleConfig, SourceAddress},
    detect::{self, DetectError, Detector, OnnxModel, Runtime},
    domain::{CameraId, Class, ModelName, RuleId},
    files::{shown, special},
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
    /// A source that can be opened, but is no recording.
    #[error("camera {camera}: {} is {what}, not a recording; name a file, or a pattern of files", shown(.path.as_os_str()))]
    NotAFile {
        /// Whose.
        camera: CameraId,
        /// What it names.
        path: PathBuf,
        /// What that is.
        what: &'static str,
    },
    /// A recording that lies where results are written, and old ones removed.
    #[error(
        "camera {camera}: its recording {} lies in the folder that --out names; results would take its place. Name \
         another folder",
        shown(.recording.as_os_str())
    )]
    OwnRecording {
        /// Whose.
        camera: CameraId,
        /// The file.
        recording: PathBuf,
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
    /// [`DetectError`] where one cannot be had, does not fit, or tells nothing that a rule watches for.
    pub fn load(config: &Config) -> Result<Self, DetectError> {
        let mut models = Self::load_one(&config.detector)?;
        let store = Store::from_env()?;
        for OwnModel { name, rule, confidence } in own_models(config) {
            let told = DetectorConfig { confidence, ..config.detector.clone() };
            let of_rule = |wrong| DetectError::OfRule { rule, wrong: Box::new(wrong) };
            let model =
                detect::load(&name, &told, Some(name.clone()), &models.runtime, &store).map_err(of_rule)?;
            models.all.push((name, model));
        }
        models.serve(config)?;
        Ok(models)
    }

    /// Whether every rule is given something that it watches for.
    fn serve(&self, config: &Config) -> Result<(), DetectError> {
        for (camera, rule) in rules(config) {
            let name = rule.model.as_deref().unwrap_or(&config.detector.model);
            let Some((_, model)) = self.all.iter().find(|(known, _)| **known == *name) else { continue };
            let told: BTreeSet<Class> = model.told_apart().collect();
            let list = |classes: &mut dyn Iterator<Item = &Class>| {
                classes.map(Class::to_string).collect::<Vec<_>>().join(", ")
            };
            let missing = list(&mut rule.keys().classes().iter().filter(|class| !told.contains(class)));
            let (rule_id, told_list) =
                (RuleId::new(&camera.id, rule.kind(), rule.name.as_deref()), list(&mut told.iter()));
            if rule.keys().classes().iter().all(|class| !told.contains(class)) {
                return Err(DetectError::LacksClasses {
                    rule: rule_id,
                    model: name.to_owned(),
                    classes: missing,
                    told: told_list,
                });
            }
            if !missing.is_empty() {
                tracing::warn!(
                    "rule {rule_id} watches for {missing}, too, which the model {name:?} does not tell: it tells {told_list}"
                );
            }
        }
        Ok(())
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
            confidence: model.confidence(),
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

/// A model that rules have of their own.
struct OwnModel {
    name: ModelName,
    /// The first of those rules.
    rule: RuleId,
    /// The least confidence that one of them can use.
    confidence: f32,
}

fn own_models(config: &Config) -> Vec<OwnModel> {
    let mut own: Vec<OwnModel> = Vec::new();
    for (camera, rule) in rules(config) {
        let Some(name) = rule.model.clone().filter(|name| **name != *config.detector.model) else { continue };
        let least = rule.keys().least_confidence().unwrap_or(config.detector.confidence);
        match own.iter_mut().find(|known| known.name == name) {
            Some(known) => known.confidence = known.confidence.min(least),
            None => {
                let rule = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
                own.push(OwnModel { name, rule, confidence: least });
            }
        }
    }
    own
}

fn rules(config: &Config) -> impl Iterator<Item = (&Camera, &RuleConfig)> {
    config.cameras.iter().flat_map(|camera| camera.rules.iter().map(move |rule| (camera, rule)))
}

/// The files of a camera's recording: the one named, or those that the pattern finds, in the order of their paths.
///
/// # Errors
/// [`UsageError`] for a live camera, an unreadable pattern, or a source that is no file.
pub fn files(camera: &Camera) -> Result<Vec<PathBuf>, UsageError> {
    let SourceAddress::Recording { folder, written } = &camera.source else {
        return Err(UsageError::Live { camera: camera.id.clone(), source_shown: camera.source.to_string() });
    };
    let named = folder.join(written);
    if let Some(what) = special(&named) {
        return Err(UsageError::NotAFile { camera: camera.id.clone(), path: named, what });
    }
    find(folder, written).map_err(|reason| UsageError::Pattern {
        camera: camera.id.clone(),
        pattern: written.clone(),
        reason: reason.to_string(),
    })
}

/// What a camera's files are looked for by, as written.
pub fn sought(camera: &Camera) -> Option<String> {
    match &camera.source {
        SourceAddress::Recording { written, .. } => Some(written.clone()),
        SourceAddress::Live(_) => None,
    }
}

/// The number of processors, where `--threads` does not say.
pub fn threads(given: Option<usize>) -> usize {
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).clamp(1, 256)
}

/// How long a file says that it is; none where it cannot be opened or does not say.
pub fn length(file: &Path) -> Option<Duration> {
    let input = Input::open_file(file, &Limits::default()).ok()?;
    Some(Duration::from_micros(u64::try_from(input.duration()?).ok()?))
}
