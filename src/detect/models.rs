//! The models of a configuration: the detector's, and those that rules have of their own.

use std::{collections::BTreeSet, sync::Arc};

use super::{DetectError, Detector, OnnxModel, Runtime, load};
use crate::{
    catalog::Store,
    config::{Camera, Config, DetectorConfig, Provider, RuleConfig},
    domain::{Class, ModelName, RuleId},
};

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
        for own in own_models(config) {
            let told = DetectorConfig { confidence: own.confidence, ..config.detector.clone() };
            let of_rule = |wrong| DetectError::OfRule { rule: own.rule.clone(), wrong: Box::new(wrong) };
            let model = load(&own.name, &told, Some(&own), &models.runtime, &store).map_err(of_rule)?;
            models.all.push((own.name, model));
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
        let model = load(&detector.model, detector, None, &runtime, &store)?;
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

    /// Each with its name.
    pub fn all(&self) -> impl Iterator<Item = (&ModelName, &OnnxModel)> {
        self.all.iter().map(|(name, model)| (name, &**model))
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
pub struct OwnModel {
    /// Its name or path.
    pub name: ModelName,
    /// The first of those rules.
    pub rule: RuleId,
    /// The least confidence that one of them can use of a single look.
    pub confidence: f32,
    /// The least that one of them adds up over looks, if any does.
    pub faint: Option<f32>,
}

fn own_models(config: &Config) -> Vec<OwnModel> {
    let mut own: Vec<OwnModel> = Vec::new();
    for (camera, rule) in rules(config) {
        let Some(name) = rule.model.clone().filter(|name| **name != *config.detector.model) else { continue };
        let least = rule.keys().least_confidence().unwrap_or(config.detector.confidence);
        let faint = rule.keys().faint_confidence();
        match own.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.confidence = known.confidence.min(least);
                known.faint = [known.faint, faint].into_iter().flatten().reduce(f32::min);
            }
            None => {
                let rule = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
                own.push(OwnModel { name, rule, confidence: least, faint });
            }
        }
    }
    own
}

fn rules(config: &Config) -> impl Iterator<Item = (&Camera, &RuleConfig)> {
    config.cameras.iter().flat_map(|camera| camera.rules.iter().map(move |rule| (camera, rule)))
}
