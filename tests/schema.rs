//! What the schemas say is what the program reads and writes: every configuration that is shown is valid, what the
//! schema refuses the program refuses too, and the sample shows every key that there is.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use firewarden::{
    config::{self, Config},
    domain::{Alert, Explanation, Sequence, Violation},
};
use jsonschema::Validator;
use serde_json::{Value, json};

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

fn parses(text: &str) -> Result<Config, Vec<config::Fault>> {
    Config::parse(text, Path::new("."), &|_| Some("x".to_owned()))
}

/// The sample with the keys that it shows in comments.
fn whole_sample() -> String {
    let shown = |line: &str| {
        line.strip_prefix("# ").is_some_and(|rest| {
            rest.split_once(" = ")
                .is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        })
    };
    let text = read("samples/firewarden.toml");
    let lines = text.lines().map(|line| if shown(line) { &line[2..] } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn both_are_schemas_of_draft_2020_12() {
    for schema in [config::schema().to_value(), Alert::schema().to_value()] {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        jsonschema::draft202012::meta::validate(&schema).expect("valid by its meta-schema");
    }
}

#[test]
fn every_configuration_that_is_shown_is_valid() {
    let validator = validator(&config::schema().to_value());
    let mut shown = vec![("the whole sample".to_owned(), whole_sample())];
    for path in ["samples/firewarden.toml", "samples/observations/lane-3.toml"] {
        shown.push((path.to_owned(), read(path)));
    }
    for entry in fs::read_dir(root().join("samples/demo")).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let path = format!("samples/demo/{}", name.to_string_lossy());
        shown.push((path.clone(), read(&path)));
    }
    for path in ["README.md", "README.zh-CN.md"] {
        let text = read(path);
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let before = shown.len();
        shown.extend(blocks.map(|block| (path.to_owned(), block.to_owned())));
        assert!(shown.len() > before, "{path} shows no configuration");
    }
    for (what, text) in shown {
        assert_eq!(wrong(&validator, &json_of(&text)), [""; 0], "{what}");
        assert!(parses(&text).is_ok(), "{what}: {:?}", parses(&text).err());
    }
}

const BASE: &str = r#"
[site]
id = "s"
name = "n"
[box]
id = "b"
[detector]
model = "yolox-nano"
confidence = 0.5
[[camera]]
id = "lane"
labels = { a = "b" }
source = "a.mp4"
[[camera.rule]]
kind = "fire_lane_parking"
zone = [[0, 0], [1, 0], [1, 0.5]]
dwell = "60s"
schedule = ["mon-fri 20:00-08:00"]
[[camera.rule]]
kind = "control_room_unattended"
required = 2
grace = "3m"
[[camera.rule]]
kind = "ebike_in_elevator"
confirm = "1s"
[evidence]
keep = "90d"
budget = "20GB"
[state]
directory = "state"
[[sink]]
kind = "mqtt"
url = "mqtts://broker.example"
[console]
listen = "127.0.0.1:8480"
"#;

/// The base with one text in it replaced by another.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(BASE.matches(from).count(), 1, "{from:?} is to be in the base once");
    BASE.replacen(from, to, 1)
}

#[test]
fn what_the_schema_refuses_the_program_refuses_too() {
    let validator = validator(&config::schema().to_value());
    assert_eq!(wrong(&validator, &json_of(BASE)), [""; 0]);
    assert!(parses(BASE).is_ok(), "{:?}", parses(BASE).err());
    for (from, to) in [
        // An unknown key in each table.
        ("\n[site]", "\nsight = 1\n[site]"),
        ("[site]", "[site]\nfoo = 1"),
        ("[box]", "[box]\nfoo = 1"),
        ("[detector]", "[detector]\nfoo = 1"),
        ("[[camera]]", "[[camera]]\nfoo = 1"),
        ("kind = \"fire_lane_parking\"", "kind = \"fire_lane_parking\"\nfoo = 1"),
        ("kind = \"control_room_unattended\"", "kind = \"control_room_unattended\"\nfoo = 1"),
        ("kind = \"ebike_in_elevator\"", "kind = \"ebike_in_elevator\"\nfoo = 1"),
        ("[evidence]", "[evidence]\nfoo = 1"),
        ("[state]", "[state]\nfoo = 1"),
        ("[[sink]]", "[[sink]]\nfoo = 1"),
        ("[console]", "[console]\nfoo = 1"),
        // A key of another kind of rule.
        ("required = 2", "required = 2\ndwell = \"60s\""),
        ("confirm = \"1s\"", "grace = \"1s\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nfloor = [[0, 0], [1, 0], [1, 1]]"),
        // What is required is not there.
        ("[site]\nid = \"s\"", "[site]"),
        ("id = \"lane\"\n", ""),
        ("source = \"a.mp4\"\n", ""),
        ("kind = \"fire_lane_parking\"\n", ""),
        ("zone = [[0, 0], [1, 0], [1, 0.5]]\n", ""),
        ("dwell = \"60s\"\n", ""),
        ("kind = \"mqtt\"\n", ""),
        ("url = \"mqtts://broker.example\"\n", ""),
        // A wrong type.
        ("name = \"n\"", "name = 3"),
        ("dwell = \"60s\"", "dwell = 60"),
        ("required = 2", "required = \"two\""),
        ("confidence = 0.5", "provider = 1"),
        ("confidence = 0.5", "provider = \"gpu\""),
        ("confidence = 0.5", "require = \"yes\""),
        ("required = 2", "required = 1.5"),
        ("[[sink]]", "[sink]"),
        ("labels = { a = \"b\" }", "labels = { a = 1 }"),
        ("schedule = [\"mon-fri 20:00-08:00\"]", "schedule = \"mon-fri 20:00-08:00\""),
        // A text that is none of its kind.
        ("dwell = \"60s\"", "dwell = \"60\""),
        ("dwell = \"60s\"", "dwell = \"3 weeks\""),
        ("dwell = \"60s\"", "dwell = \"1.2.3s\""),
        ("dwell = \"60s\"", "dwell = \"\""),
        ("grace = \"3m\"", "grace = \"-3m\""),
        ("keep = \"90d\"", "keep = \"a while\""),
        ("budget = \"20GB\"", "budget = \"20GiB\""),
        ("budget = \"20GB\"", "budget = \"GB\""),
        ("mon-fri 20:00-08:00", "mon 8-18"),
        ("mon-fri 20:00-08:00", "fun 08:00-18:00"),
        ("mon-fri 20:00-08:00", "25:00-26:00"),
        ("mon-fri 20:00-08:00", "08:60-09:00"),
        ("id = \"lane\"", "id = \"Lane 3\""),
        ("id = \"s\"", "id = \"-s\""),
        ("id = \"b\"", "id = \"\""),
        ("source = \"a.mp4\"", "source = \" \""),
        ("kind = \"mqtt\"", "kind = \"pigeon\""),
        ("kind = \"ebike_in_elevator\"", "kind = \"ebike\""),
        ("127.0.0.1:8480", "localhost"),
        // A number or a list out of its bounds.
        ("confidence = 0.5", "confidence = 2"),
        ("confidence = 0.5", "confidence = 0"),
        ("required = 2", "required = 0"),
        ("required = 2", "required = 51"),
        ("[[0, 0], [1, 0], [1, 0.5]]", "[[0, 0], [1, 0]]"),
        ("[[0, 0], [1, 0], [1, 0.5]]", "[[0, 0], [1, 0], [1, 1.5]]"),
        ("[[0, 0], [1, 0], [1, 0.5]]", "[[0, 0], [1, 0], [1]]"),
        ("confirm = \"1s\"", "classes = []"),
        ("confirm = \"1s\"", "classes = [\"lorry\"]"),
        ("url = ", "phases = [\"begun\"]\nurl = "),
        // Keys that belong together.
        ("confidence = 0.5", "head = \"yolox\""),
        ("confidence = 0.5", "head = \"yolox\"\ninput = [416, 416]\nclasses = { lorry = [1] }"),
        ("confidence = 0.5", "head = \"yolox\"\ninput = [4, 416]\nclasses = { car = [1] }"),
    ] {
        let text = changed(from, to);
        assert!(!validator.is_valid(&json_of(&text)), "the schema takes {to:?} for {from:?}");
        assert!(parses(&text).is_err(), "the program takes {to:?} for {from:?}");
    }
    let no_camera = json_of("[site]\nid = \"s\"");
    assert!(!validator.is_valid(&no_camera) && parses("[site]\nid = \"s\"").is_err());
    let no_rule = "[site]\nid = \"s\"\n[[camera]]\nid = \"c\"\nsource = \"a.mp4\"";
    assert!(!validator.is_valid(&json_of(no_rule)) && parses(no_rule).is_err());
}

#[test]
fn what_the_program_takes_the_schema_takes_too() {
    let validator = validator(&config::schema().to_value());
    for (from, to) in [
        ("dwell = \"60s\"", "dwell = \" 1h 30m \""),
        ("dwell = \"60s\"", "dwell = \"1h30min\""),
        ("dwell = \"60s\"", "dwell = \"4.4 s\""),
        ("dwell = \"60s\"", "dwell = \".5s\""),
        ("dwell = \"60s\"", "dwell = \"${DWELL}0ms\""),
        ("grace = \"3m\"", "every = \"500ms\""),
        ("budget = \"20GB\"", "budget = \"500 MB\""),
        ("mon-fri 20:00-08:00", "SAT,sun-Tue  8:00 - 24:00"),
        ("mon-fri 20:00-08:00", "08:00-00:00"),
        ("id = \"s\"", "id = \"${SITE}\""),
        ("id = \"lane\"", "id = \"0_a-b\""),
        ("source = \"a.mp4\"", "source = \"rtsp://viewer:${PASSWORD}@10.2.0.31/stream1\""),
        ("labels = { a = \"b\" }", "labels = {}"),
        ("kind = \"mqtt\"", "kind = \"mqtt\"\nkinds = []\nphases = [\"warned\", \"ended\"]"),
        ("127.0.0.1:8480", "[::1]:8480"),
        ("confidence = 0.5", "provider = \"openvino\"\nrequire = true"),
        ("confidence = 0.5", "head = \"yolox\"\ninput = [416, 416]\nclasses = { car = [1], truck = [2, 3] }"),
    ] {
        // A variable is "x" here, which is an id and a text, but no length of time.
        let text = changed(from, to);
        let value = |name: &str| Some(if name == "DWELL" { "6" } else { "x" }.to_owned());
        let config = Config::parse(&text, Path::new("."), &value);
        assert!(config.is_ok(), "{to:?}: {:?}", config.err());
        assert_eq!(wrong(&validator, &json_of(&text)), [""; 0], "{to:?}");
    }
}

/// Follows a `$ref`.
fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema["$ref"].as_str() {
        Some(to) => root.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere")),
        None => schema,
    }
}

/// Every key that a schema knows, as its path and what it is: `camera.rule.dwell` and its schema. What kinds of rule
/// share is one key.
fn known(root: &Value, schema: &Value, path: &str, found: &mut BTreeSet<(String, String)>) {
    let schema = resolved(root, schema);
    for kind in schema["oneOf"].as_array().into_iter().flatten() {
        known(root, kind, path, found);
    }
    if schema["items"].is_object() {
        known(root, &schema["items"], path, found);
    }
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        // The value of `kind` is what tells kinds apart.
        found.insert((path.clone(), value.to_string()));
        known(root, value, &path, found);
    }
}

/// The same of what a configuration says, each key with the schema that is meant for it.
fn said(root: &Value, schema: &Value, value: &Value, path: &str, found: &mut BTreeSet<(String, String)>) {
    let schema = resolved(root, schema);
    if let Some(kinds) = schema["oneOf"].as_array() {
        let fits = |kind: &&Value| kind["properties"]["kind"]["const"] == value["kind"];
        if let Some(kind) = kinds.iter().find(fits).filter(|_| value["kind"].is_string()) {
            said(root, kind, value, path, found);
        }
    }
    for item in value.as_array().into_iter().flatten() {
        said(root, &schema["items"], item, path, found);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let property = &schema["properties"][key];
        if property.is_null() {
            continue;
        }
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        found.insert((path.clone(), property.to_string()));
        said(root, property, inner, &path, found);
    }
}

#[test]
fn the_sample_shows_every_key_and_no_other() {
    let schema = config::schema().to_value();
    let (mut keys, mut shown) = (BTreeSet::new(), BTreeSet::new());
    known(&schema, &schema, "", &mut keys);
    said(&schema, &schema, &json_of(&whole_sample()), "", &mut shown);
    let missing: Vec<&str> = keys.difference(&shown).map(|(path, _)| path.as_str()).collect();
    assert!(missing.is_empty(), "samples/firewarden.toml does not show {missing:?}");
    // That it shows no others is for the schema to say, which knows no other keys.
    assert_eq!(wrong(&validator(&schema), &json_of(&whole_sample())), [""; 0]);
    let paths: BTreeSet<&str> = keys.iter().map(|(path, _)| path.as_str()).collect();
    for path in
        ["site.timezone", "box.id", "camera.rule.dwell", "camera.rule.floor", "sink.phases", "console.listen"]
    {
        assert!(paths.contains(path), "{path} was not found: is the search broken?");
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
    for schema in [config::schema().to_value(), Alert::schema().to_value()] {
        look(&schema, &schema, "");
    }
}

fn alert() -> Value {
    let moment = json!({ "media_s": 0.0, "wall": "2026-11-24T12:58:29Z", "file": null, "file_s": null });
    let record = json!({
        "id": "6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8", "site": "lf-027", "camera": "lane-3",
        "camera_name": "1号楼东侧消防车道", "rule": "lane-3/fire_lane_parking", "kind": "fire_lane_parking",
        "phase": "raised", "class": "car", "confidence": 0.79, "bbox": [0.95, 0.09, 1.0, 0.16],
        "wall_origin": "clock", "started": moment, "raised": moment, "ended": null,
        "evidence": [{ "name": "evidence/a.jpg", "role": "raised", "sha256": "ab".repeat(32), "bytes": 48_211,
            "url": "https://platform.example/evidence/a.jpg" }],
    });
    let violation: Violation = serde_json::from_str(&record.to_string()).expect("a violation");
    let explanation = Explanation {
        camera_labels: BTreeMap::from([("gb28181".to_owned(), "13100000001320000003".to_owned())]),
        model_sha256: "cd".repeat(32),
        config_sha256: "ef".repeat(32),
    };
    let time = violation.started.wall;
    let sequence = Sequence { outbox: uuid::Uuid::from_u128(7).into(), number: 7 };
    serde_json::to_value(Alert::of_violation(violation, explanation, 0, time, sequence))
        .expect("an alert is JSON")
}

#[test]
fn an_alert_is_what_its_schema_says() {
    let validator = validator(&Alert::schema().to_value());
    let alert = alert();
    assert_eq!(wrong(&validator, &alert), [""; 0]);

    for key in ["specversion", "id", "source", "type", "time", "datacontenttype", "sequence", "data"] {
        let mut without = alert.clone();
        without.as_object_mut().expect("an object").remove(key);
        assert!(!validator.is_valid(&without), "without {key}");
    }
    for key in [
        "id",
        "site",
        "camera",
        "kind",
        "phase",
        "wall_origin",
        "started",
        "raised",
        "evidence",
        "camera_labels",
        "model_sha256",
    ] {
        let mut without = alert.clone();
        without["data"].as_object_mut().expect("an object").remove(key);
        assert!(!validator.is_valid(&without), "without data.{key}");
    }
    for (pointer, wrong) in [
        ("/specversion", json!("0.3")),
        ("/id", json!("7")),
        ("/source", json!("/cameras/lane-3")),
        ("/type", json!("firewarden.violation.begun")),
        // A violation's data under the type of a heartbeat.
        ("/type", json!("firewarden.box.heartbeat")),
        ("/time", json!("yesterday")),
        ("/sequence", json!(7)),
        ("/data/kind", json!("smoking")),
        ("/data/camera", json!("Lane 3")),
        ("/data/confidence", json!(1.5)),
        ("/data/bbox", json!([0, 0, 1])),
        ("/data/started/wall", json!("20:58")),
        ("/data/evidence/0/sha256", json!("ab")),
        ("/data/model_sha256", json!("ab")),
    ] {
        let mut other = alert.clone();
        *other.pointer_mut(pointer).expect("it is there") = wrong.clone();
        assert!(!validator.is_valid(&other), "{pointer} = {wrong}");
    }
}
