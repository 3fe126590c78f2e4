//! What the schemas say is what the program reads and writes: every configuration that is shown is valid, what the
//! schema refuses the program refuses too, the sample shows every key that there is, and alerts are what their samples and
//! their page say.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that fails may panic"
)]

mod alerts;
mod config;

use std::{fs, path::Path};

use firewarden::domain::Alert;
use jsonschema::Validator;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).expect("a schema")
}

/// What a schema finds wrong, one line each.
fn wrong(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn json_of(toml: &str) -> Value {
    toml::from_str(toml).unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// Follows a `$ref`.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(to) => root.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere")),
        None => schema,
    }
}

#[test]
fn both_are_schemas_of_draft_2020_12() {
    for schema in [firewarden::config::schema().to_value(), Alert::schema().to_value()] {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        jsonschema::draft202012::meta::validate(&schema).expect("valid by its meta-schema");
    }
}

#[test]
fn every_key_is_described() {
    fn look(root: &Value, schema: &Value, path: &str) {
        for (key, property) in schema["properties"].as_object().into_iter().flatten() {
            let described = |schema: &Value| schema["description"].as_str().map(str::to_owned);
            let text = described(property)
                .or_else(|| described(resolved(root, property)))
                .or_else(|| property["const"].as_str().map(str::to_owned));
            assert!(text.as_ref().is_some_and(|text| text.len() > 3), "{path}.{key} has no description");
            assert!(
                !text.as_ref().is_some_and(|text| text.contains("[`")),
                "{path}.{key}: {text:?} has a link into the code"
            );
        }
        for definition in schema["$defs"].as_object().into_iter().flatten() {
            look(root, definition.1, definition.0);
        }
        for kind in schema["oneOf"].as_array().into_iter().flatten() {
            look(root, kind, path);
        }
    }
    for schema in [firewarden::config::schema().to_value(), Alert::schema().to_value()] {
        look(&schema, &schema, "");
    }
}
