//! The configuration as a JSON Schema (draft 2020-12), made of the types that the file is read into: a key that is
//! added to one of them is in the schema by itself. Editors complete and check with it; what takes more than one key
//! to tell, such as a `warn_after` that is not shorter than `dwell`, only [`Config::parse`](super::Config::parse)
//! finds.

use std::borrow::Cow;

use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::RecursiveTransform,
};
use serde_json::{Map, Value};

use super::{
    Console, DetectorConfig, Evidence, Sink,
    file::{BoxKeys, CameraKeys, RuleKeys, SiteKeys, StateKeys},
};
use crate::{domain::join_lines, kinds::settings::Settings};

/// The schema of a configuration file, whose TOML is read as JSON.
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(RecursiveTransform(join_lines))
        .with_transform(RecursiveTransform(without_null))
        .with_transform(RecursiveTransform(short_default))
        .with_transform(RecursiveTransform(or_variable));
    settings.into_generator().into_root_schema_for::<File>()
}

/// A whole configuration of Firewarden. `${NAME}` in a value comes from the environment.
#[derive(JsonSchema)]
#[schemars(title = "Firewarden configuration", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "it is the shape of the file; the file is read table by table, to find every fault"
)]
struct File {
    /// The site whose cameras these are.
    site: SiteKeys,
    /// The box that this configuration is for.
    r#box: Option<BoxKeys>,
    /// The detector that every rule uses which names none of its own.
    detector: Option<DetectorConfig>,
    /// The cameras.
    #[schemars(length(min = 1))]
    camera: Vec<CameraTable>,
    /// Where evidence goes and for how long.
    evidence: Option<Evidence>,
    /// Where the box keeps what it must not forget.
    state: Option<StateKeys>,
    /// Where alerts go.
    sink: Option<Vec<Sink>>,
    /// The console in the browser.
    console: Option<Console>,
}

/// A camera and what is watched for.
#[derive(JsonSchema)]
#[schemars(rename = "Camera", deny_unknown_fields)]
#[expect(dead_code, reason = "as that of File")]
struct CameraTable {
    #[serde(flatten)]
    keys: CameraKeys,
    /// What is watched for.
    #[schemars(length(min = 1))]
    rule: Vec<RuleTable>,
}

/// One rule: the keys of its kind, and those that all kinds share.
enum RuleTable {}

impl JsonSchema for RuleTable {
    fn schema_name() -> Cow<'static, str> {
        "Rule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let shared = RuleKeys::json_schema(generator);
        let shared = shared.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut kinds = Settings::json_schema(generator);
        let kinds = kinds.get_mut("oneOf").and_then(Value::as_array_mut).map(std::mem::take);
        let kinds: Vec<Value> =
            kinds.unwrap_or_default().into_iter().map(|kind| widen(kind, &shared)).collect();
        json_schema!({
            "description": "What is watched for. The keys depend on `kind`; `name`, `schedule`, `every` and `model` go with each.",
            "oneOf": kinds,
        })
    }
}

/// Adds properties, none of them required, to an object's schema.
fn widen(mut object: Value, more: &Map<String, Value>) -> Value {
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        properties.extend(more.clone());
    }
    object
}

/// TOML has no null: an optional key is absent.
fn without_null(schema: &mut Schema) {
    let is_null = |option: &Value| option.get("type").is_some_and(|t| t == "null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(options)) = schema.get_mut("anyOf") {
        options.retain(|option| !is_null(option));
        if let [Value::Object(one)] = options.as_slice() {
            let one = one.clone();
            schema.remove("anyOf");
            for (key, value) in one {
                if schema.get(&key).is_none() {
                    schema.insert(key, value);
                }
            }
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// A default that the program holds in single precision, as short as it was written: 0.35, not 0.3499999940395355.
fn short_default(schema: &mut Schema) {
    let default = schema.get("default").filter(|value| value.is_f64()).and_then(Value::as_f64);
    if let Some(short) = default.and_then(|value| (value as f32).to_string().parse::<f64>().ok()) {
        schema.insert("default".to_owned(), short.into());
    }
}

/// A text of some pattern may also be, or hold, a variable of the environment.
fn or_variable(schema: &mut Schema) {
    let Some(Value::String(pattern)) = schema.get_mut("pattern") else { return };
    pattern.push_str(r"|\$\{");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file;

    fn keys(schema: &Value) -> Vec<&str> {
        schema["properties"].as_object().expect("properties").keys().map(String::as_str).collect()
    }

    #[test]
    fn the_schema_knows_the_sections_that_are_read() {
        let schema = schema().to_value();
        let mut read = file::TOP.to_vec();
        read.sort_unstable();
        let mut known = keys(&schema);
        known.sort_unstable();
        assert_eq!(known, read);
        assert_eq!(schema["required"], serde_json::json!(["site", "camera"]));
    }

    #[test]
    fn every_kind_of_rule_has_its_keys_and_the_shared_ones() {
        let schema = schema().to_value();
        let kinds = schema["$defs"]["Rule"]["oneOf"].as_array().expect("kinds");
        let named: Vec<&str> =
            kinds.iter().filter_map(|k| k["properties"]["kind"]["const"].as_str()).collect();
        assert_eq!(named, crate::domain::Kind::ALL.map(crate::domain::Kind::name));
        for kind in kinds {
            for key in ["kind", "name", "schedule", "every", "model", "classes"] {
                assert!(keys(kind).contains(&key), "{key}: {kind}");
            }
            assert_eq!(kind["additionalProperties"], false);
        }
        assert_eq!(kinds[0]["required"], serde_json::json!(["kind", "zone", "dwell"]));
    }

    #[test]
    fn defaults_are_those_of_the_types() {
        let schema = schema().to_value();
        let of = |section: &str, key: &str| schema["$defs"][section]["properties"][key]["default"].clone();
        assert_eq!(of("DetectorConfig", "confidence"), 0.35);
        assert_eq!(of("Evidence", "keep"), "90d");
        assert_eq!(of("Evidence", "budget"), "20GB");
        assert_eq!(of("Console", "listen"), "127.0.0.1:8480");
        assert_eq!(schema["$defs"]["Rule"]["oneOf"][1]["properties"]["grace"]["default"], "3m");
    }

    #[test]
    fn no_null_is_left() {
        assert!(!schema().to_value().to_string().contains("null"));
    }
}
