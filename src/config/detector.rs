use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    places::{Places, seconds},
    provider::Provider,
};
use crate::{domain::Class, duration};

/// `[detector]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependentRequired" = {
    "head": ["classes", "input"],
    "classes": ["head", "input"],
    "input": ["head", "classes"]
}))]
pub struct DetectorConfig {
    /// A name in the catalogue, or the path of an `.onnx` file, from the configuration's folder.
    #[serde(default = "default_model")]
    pub model: String,
    /// Detections below it are dropped, 0 to 1.
    #[serde(default = "default_confidence")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub confidence: f32,
    /// For a file of the user's own: how its outputs are to be read, such as `yolox`.
    #[serde(default)]
    pub head: Option<String>,
    /// For a file of the user's own: which outputs are which class.
    #[serde(default)]
    #[schemars(extend("propertyNames" = { "enum": Class::ALL }))]
    pub classes: Option<BTreeMap<Class, Vec<usize>>>,
    /// For a file of the user's own: its input's width and height in pixels.
    #[serde(default)]
    #[schemars(inner(range(min = 32, max = 4096)))]
    pub input: Option<[u32; 2]>,
    /// What runs the models. Those but `cpu` must be built in, and need a library of ONNX Runtime that has them.
    #[serde(default)]
    pub provider: Provider,
    /// Stop where that provider cannot be used, instead of running on the CPU with a warning.
    #[serde(default)]
    pub require: bool,
    /// Look at all of each picture, not only at what zones need of it. Observations can then be replayed with other zones.
    #[serde(default)]
    pub whole_picture: bool,
    /// Whether what is taken for an e-bike is looked at again, closer. Where it is not said, as the catalogue says of each
    /// model: `firewarden-lift` does.
    #[serde(default)]
    pub second_look: Option<bool>,
    /// Let the last detections stand where nothing has changed in the zones since.
    #[serde(default = "default_skip_static")]
    pub skip_static: bool,
    /// For how long they may stand.
    #[serde(with = "duration", default = "default_max_age")]
    #[schemars(with = "duration::Written")]
    pub max_age: Duration,
}

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            model: default_model(),
            confidence: default_confidence(),
            head: None,
            classes: None,
            input: None,
            provider: Provider::default(),
            require: false,
            whole_picture: false,
            second_look: None,
            skip_static: default_skip_static(),
            max_age: default_max_age(),
        }
    }
}

fn default_model() -> String {
    "firewarden-nano".to_owned()
}

fn default_skip_static() -> bool {
    true
}

fn default_max_age() -> Duration {
    Duration::from_secs(10)
}

fn default_confidence() -> f32 {
    0.35
}

/// The most outputs that a network has.
const MOST_OUTPUTS: usize = 10_000;

impl DetectorConfig {
    pub(super) fn check(&self, places: &Places<'_, '_>) {
        places.line("model", &self.model, 4096);
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            places.fault("confidence", "it must lie between 0 and 1, such as 0.35");
        }
        if let Some(head) = &self.head {
            places.line("head", head, 64);
        }
        if let Some(input) = self.input
            && !input.iter().all(|side| (32..=4096).contains(side))
        {
            places.fault("input", "width and height must be between 32 and 4096 pixels");
        }
        let mut told_apart = BTreeSet::new();
        let outputs = self.classes.iter().flatten().flat_map(|(_, outputs)| outputs);
        for output in outputs {
            if !told_apart.insert(*output) {
                places.fault("classes", format!("output {output} is named twice: it is of one class"));
            }
            if *output >= MOST_OUTPUTS {
                places.fault("classes", format!("no network has an output {output}"));
            }
        }
        let told = [self.head.is_some(), self.classes.is_some(), self.input.is_some()];
        if told.contains(&true) && told.contains(&false) {
            let key = ["head", "classes", "input"].into_iter().find(|key| places.has(key)).unwrap_or("head");
            places.fault(key, "`head`, `classes` and `input` belong together: give all three, or none");
        }
        places.time(
            "max_age",
            self.max_age,
            (Duration::ZERO, seconds(3600)),
            "what has stood for an hour is to be looked at again",
        );
    }
}

/// What a configuration names a model by: a name in the catalogue, or the path of a file, from `folder`.
pub(super) fn located(model: &str, folder: &Path) -> String {
    let path = Path::new(model);
    let is_file = model.ends_with(".onnx") || path.components().count() > 1;
    if is_file { folder.join(path).to_string_lossy().into_owned() } else { model.to_owned() }
}
