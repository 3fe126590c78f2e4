//! What the configuration's schema says, what the program reads, and what the sample shows.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path, sync::LazyLock};

use firewarden::config::{self, Config};
use serde_json::Value;
use tempfile::TempDir;

use crate::{json_of, read, resolved, root, validator, wrong};

fn parses(text: &str) -> Result<Config, Vec<config::Fault>> {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(secrets);
    Config::parse(text, FOLDER.path(), &|_| Some("x".to_owned()))
}

/// Holds whatever secret the sample names.
fn secrets() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("secrets")).expect("made");
    let creds = "-----BEGIN NATS USER JWT-----\ns3cret\n-----BEGIN USER NKEY SEED-----\ns3cret\n";
    for (name, holds) in [
        ("gate-1", "s3cret"),
        ("mqtt", "s3cret"),
        ("s3", "s3cret"),
        ("nats.creds", creds),
        ("desk", "whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0"),
        ("wecom", "s3cret"),
        ("dingtalk", "s3cret"),
        ("dingtalk-sign", "SECs3cret"),
        ("feishu", "s3cret"),
        ("feishu-sign", "s3cret"),
    ] {
        let path = folder.path().join("secrets").join(name);
        fs::write(&path, holds).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
    }
    folder
}

/// The sample with the keys and tables that it shows in comments.
fn whole_sample() -> String {
    let shown = |line: &str| {
        line.strip_prefix("# ").is_some_and(|rest| {
            let plain = |text: &str| {
                text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c))
            };
            let table = rest.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
            table.is_some_and(plain) || rest.split_once(" = ").is_some_and(|(key, _)| plain(key))
        })
    };
    let text = read("samples/firewarden.toml");
    let lines = text.lines().map(|line| if shown(line) { &line[2..] } else { line });
    lines.collect::<Vec<_>>().join("\n")
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
[evidence]
keep = "90d"
budget = "20GB"
upload = "https://s3.example/boxes"
upload_rate = "500kB"
s3 = { bucket = "evidence", access_key = "box", secret_key = "s3cret", style = "host" }
[state]
directory = "state"
[[sink]]
name = "platform"
kind = "mqtt"
url = "mqtts://broker.example"
[[sink]]
name = "stream"
kind = "nats"
url = "tls://nats.example"
[[sink]]
name = "desk"
kind = "webhook"
url = "https://desk.example"
secrets = ["whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0"]
[[sink]]
name = "journal"
kind = "file"
path = "alerts.jsonl"
rotate = "64MB"
[[sink]]
name = "chat"
kind = "dingtalk"
url = "https://oapi.dingtalk.com/robot/send?access_token=x"
[[reaction]]
url = "http://10.2.0.40/hold"
[[camera]]
id = "gate"
source = "rtsps://10.2.0.31/stream1"
transport = "tcp"
tls = { insecure = true }
mask = [[[0, 0], [1, 0], [1, 1]]]
[[camera.rule]]
kind = "ebike_in_elevator"
confirm = "1s"
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
        ("id = \"lane\"", "id = \"lane\"\nfoo = 1"),
        ("kind = \"fire_lane_parking\"", "kind = \"fire_lane_parking\"\nfoo = 1"),
        ("kind = \"control_room_unattended\"", "kind = \"control_room_unattended\"\nfoo = 1"),
        ("kind = \"ebike_in_elevator\"", "kind = \"ebike_in_elevator\"\nfoo = 1"),
        ("[evidence]", "[evidence]\nfoo = 1"),
        ("bucket = \"evidence\"", "bucket = \"evidence\", foo = 1"),
        ("[state]", "[state]\nfoo = 1"),
        ("name = \"platform\"", "name = \"platform\"\nfoo = 1"),
        ("name = \"chat\"", "name = \"chat\"\nfoo = 1"),
        ("[[reaction]]", "[[reaction]]\nfoo = 1"),
        ("[[reaction]]", "[[reaction]]\nphases = []"),
        ("insecure = true", "insecure = true, foo = 1"),
        ("[console]", "[console]\nfoo = 1"),
        // A key of another kind of rule.
        ("required = 2", "required = 2\ndwell = \"60s\""),
        ("confirm = \"1s\"", "grace = \"1s\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nfloor = [[0, 0], [1, 0], [1, 1]]"),
        // And of another kind of sink.
        ("kind = \"nats\"", "kind = \"nats\"\npassword = \"x\""),
        ("kind = \"mqtt\"", "kind = \"mqtt\"\ncredentials = \"x\""),
        ("kind = \"file\"", "kind = \"file\"\nurl = \"https://h\""),
        ("kind = \"dingtalk\"", "kind = \"wecom\"\nsecret = \"x\""),
        // What is required is not there.
        ("[site]\nid = \"s\"", "[site]"),
        ("id = \"lane\"\n", ""),
        ("source = \"a.mp4\"\n", ""),
        ("kind = \"fire_lane_parking\"\n", ""),
        ("zone = [[0, 0], [1, 0], [1, 0.5]]\n", ""),
        ("dwell = \"60s\"\n", ""),
        ("kind = \"mqtt\"\n", ""),
        ("url = \"mqtts://broker.example\"\n", ""),
        ("name = \"platform\"\n", ""),
        ("path = \"alerts.jsonl\"\n", ""),
        ("access_key = \"box\", ", ""),
        ("secret_key = \"s3cret\", ", ""),
        ("secrets = [\"whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0\"]\n", ""),
        ("secrets = [\"whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0\"]", "secrets = []"),
        ("secrets = [\"whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0\"]", "secrets = [\"s3cret\"]"),
        ("url = \"http://10.2.0.40/hold\"\n", ""),
        ("tls = { insecure = true }", "tls = {}"),
        // A wrong type.
        ("name = \"n\"", "name = 3"),
        ("dwell = \"60s\"", "dwell = 60"),
        ("required = 2", "required = \"two\""),
        ("bucket = \"evidence\"", "bucket = \"a/b\""),
        ("style = \"host\"", "style = \"dns\""),
        ("\"500kB\"", "\"500KiB\""),
        ("confidence = 0.5", "provider = 1"),
        ("confidence = 0.5", "provider = \"gpu\""),
        ("confidence = 0.5", "require = \"yes\""),
        ("required = 2", "required = 1.5"),
        ("[[reaction]]", "[reaction]"),
        ("tls = { insecure = true }", "tls = true"),
        ("tls = { insecure = true }", "tls = { insecure = false }"),
        ("transport = \"tcp\"", "transport = \"sctp\""),
        ("transport = \"tcp\"", "open_timeout = 30"),
        ("rotate = \"64MB\"", "files = \"8\""),
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
        ("name = \"platform\"", "name = \"platform\"\nphases = [\"begun\"]"),
        ("name = \"platform\"", "name = \"Platform\""),
        ("rotate = \"64MB\"", "files = 0"),
        ("rotate = \"64MB\"", "files = 1001"),
        ("rotate = \"64MB\"", "rotate = \"64\""),
        ("mask = [[[0, 0], [1, 0], [1, 1]]]", "mask = [[[0, 0], [1, 0], [1, 1.5]]]"),
        ("mask = [[[0, 0], [1, 0], [1, 1]]]", "mask = [[0, 0], [1, 0], [1, 1]]"),
        ("url = \"http://10.2.0.40/hold\"", "command = []"),
        ("url = \"tls://nats.example\"", "url = \"tls://nats.example\"\nstream = \"a.b\""),
        // Keys that belong together, or exclude each other.
        ("tls = { insecure = true }", "tls = { insecure = true, ca = \"a.pem\" }"),
        ("url = \"http://10.2.0.40/hold\"", "url = \"http://10.2.0.40/hold\"\ncommand = [\"/bin/true\"]"),
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
        (
            "kind = \"mqtt\"",
            "kind = \"mqtt\"\nkinds = []\nphases = [\"warned\", \"ended\"]\ncameras = [\"lane\"]",
        ),
        (
            "kind = \"mqtt\"",
            "kind = \"mqtt\"\nusername = \"u\"\npassword = \"p\"\nca = \"a.pem\"\nclient_id = \"c\"",
        ),
        ("kind = \"dingtalk\"", "kind = \"feishu\"\nsecret = \"x\""),
        ("kind = \"dingtalk\"", "kind = \"wecom\""),
        (
            "url = \"http://10.2.0.40/hold\"",
            "command = [\"/bin/true\", \"30\"]\nkinds = []\ncameras = [\"gate\"]",
        ),
        ("tls = { insecure = true }", "tls = { ca = \"a.pem\" }\nsubstream = \"rtsp://10.2.0.31/s\""),
        ("rotate = \"64MB\"", "rotate = \"1 GB\"\nfiles = 1000"),
        ("[state]", "[state]\nbudget = \"100MB\"\nkeep_sent = \"1h\"\nobservations = \"0s\""),
        ("[box]", "[box]\nmemory = \"64MB\""),
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
    // Of keys that exclude each other, one is shown, and the others beside it.
    let sample = read("samples/firewarden.toml");
    let beside = |path: &str| {
        path.strip_prefix("camera.tls.").is_some_and(|key| sample.contains(&format!("or {{ {key} = ")))
    };
    let missing: Vec<&str> = keys.difference(&shown).map(|(path, _)| path.as_str()).collect();
    let missing: Vec<&str> = missing.into_iter().filter(|path| !beside(path)).collect();
    assert!(missing.is_empty(), "samples/firewarden.toml does not show {missing:?}");
    // That it shows no others is for the schema to say, which knows no other keys.
    assert_eq!(wrong(&validator(&schema), &json_of(&whole_sample())), [""; 0]);
    let paths: BTreeSet<&str> = keys.iter().map(|(path, _)| path.as_str()).collect();
    for path in [
        "site.timezone",
        "box.memory",
        "camera.rule.dwell",
        "camera.rule.floor",
        "camera.tls.ca",
        "sink.phases",
        "sink.credentials",
        "sink.rotate",
        "reaction.command",
        "console.listen",
    ] {
        assert!(paths.contains(path), "{path} was not found: is the search broken?");
    }
}
