//! The configuration as a JSON Schema (draft 2020-12), made of the types that the file is read into: a key that is
//! added to one of them is in the schema by itself. Editors complete and check with it; what takes more than one key
//! to tell, such as a `warn_after` that is not shorter than `dwell`, only [`Config::parse`](super::Config::parse)
//! finds.

use std::borrow::Cow;

use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema, transform::RecursiveTransform,
};
use serde_json::Value;

use super::{
    camera::CameraKeys,
    console::Console,
    detector::DetectorConfig,
    evidence::Evidence,
    reaction::ReactionKeys,
    rule::RuleKeys,
    sink::{SinkKeys, SinkSettings},
    site::{BoxKeys, SiteKeys},
    state::State,
    tls::TlsKeys,
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

/// A whole configuration of Firewarden. `${NAME}` in a value comes from the environment, `${file:PATH}` from a file that only its
/// owner may read.
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
    state: Option<State>,
    /// Where alerts go.
    sink: Option<Vec<SinkTable>>,
    /// What is done on the spot.
    reaction: Option<Vec<ReactionKeys>>,
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
    /// By what its certificate is known. Default: by the authorities of the system.
    tls: Option<TlsKeys>,
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
        let about = "What is watched for. The keys depend on `kind`; `name`, `schedule`, `every` and `model` go with each.";
        of_kinds::<RuleKeys, Settings>(generator, about)
    }
}

/// One sink: the keys of its kind, and those that all kinds share.
enum SinkTable {}

impl JsonSchema for SinkTable {
    fn schema_name() -> Cow<'static, str> {
        "Sink".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let about = "Where alerts go. The keys depend on `kind`; `name`, `kinds`, `phases` and `cameras` go with each.";
        of_kinds::<SinkKeys, SinkSettings>(generator, about)
    }
}

/// A table whose keys depend on its kind, and those that all kinds share.
fn of_kinds<Shared: JsonSchema, Kinds: JsonSchema>(generator: &mut SchemaGenerator, about: &str) -> Schema {
    let shared = Shared::json_schema(generator);
    let mut kinds = Kinds::json_schema(generator);
    let kinds = kinds.get_mut("oneOf").and_then(Value::as_array_mut).map(std::mem::take);
    let kinds: Vec<Value> = kinds.unwrap_or_default().into_iter().map(|kind| widen(kind, &shared)).collect();
    json_schema!({ "description": about, "oneOf": kinds })
}

/// Adds to an object's schema the properties of another, and what it requires of them.
fn widen(mut object: Value, more: &Schema) -> Value {
    let of_more = |key: &str| more.get(key).cloned().unwrap_or_default();
    if let (Some(own), Value::Object(more)) =
        (object.get_mut("properties").and_then(Value::as_object_mut), of_more("properties"))
    {
        own.extend(more);
    }
    if let (Some(own), Value::Array(more)) =
        (object.get_mut("required").and_then(Value::as_array_mut), of_more("required"))
    {
        own.extend(more);
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
