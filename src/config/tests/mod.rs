//! What a configuration may say, and what is said of one that is wrong.

mod evidence;
mod live;
mod secrets;
mod sinks;
mod whatever;

use std::{path::Path, time::Duration};

use super::*;
use crate::{
    address::Address,
    geometry::{BBox, PixelAspect},
};

const DESIGN: &str = r#"
[site]
id = "lf-027"
name = "鸿坤理想城"
timezone = "Asia/Shanghai"

[box]
id = "lf-027-a"

[detector]
model = "yolox-nano"
confidence = 0.35

[[camera]]
id = "lane-3"
name = "1号楼东侧消防车道"
labels = { gb28181 = "13100000001320000003" }
source = "rtsp://viewer:${LANE3_PASSWORD}@10.2.0.31/stream1"

[[camera.rule]]
kind = "fire_lane_parking"
name = "east"
zone = [[0.80, 0.05], [1.00, 0.05], [1.00, 0.30], [0.80, 0.30]]
dwell = "60s"
schedule = ["mon-fri 20:00-08:00"]

[[camera.rule]]
kind = "control_room_unattended"
zone = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
required = 2
grace = "3m"

[[camera.rule]]
kind = "ebike_in_elevator"
classes = ["ebike"]
model = "firewarden-lift"
confirm = "1s"
rearm = "30s"

[evidence]
directory = "evidence"
pre_roll = "5s"
post_roll = "5s"
keep = "90d"
budget = "20GB"

[state]
directory = "state"

[[sink]]
name = "platform"
kind = "mqtt"
url = "mqtts://broker.example:8883"
kinds = ["ebike_in_elevator"]

[console]
listen = "127.0.0.1:8480"
"#;

fn lookup(name: &str) -> Option<String> {
    (name == "LANE3_PASSWORD").then(|| "s3cret".to_owned())
}

fn parse(text: &str) -> Result<Config, Vec<Fault>> {
    Config::parse(text, Path::new("/etc/firewarden"), &lookup)
}

/// The faults of a configuration that begins well and goes on with `rest`.
fn faults(rest: &str) -> Vec<String> {
    let text = format!("[site]\nid = \"s\"\n{rest}");
    let faults = parse(&text).expect_err("this configuration is wrong");
    faults.iter().map(|f| format!("{}: {}: {}", f.line.map_or(0, |line| line), f.key, f.message)).collect()
}

fn lane(rest: &str) -> String {
    format!(
        "[[camera]]\nid = \"lane\"\nsource = \"a.mp4\"\n[[camera.rule]]\nkind = \"fire_lane_parking\"\n{rest}"
    )
}

const SQUARE: &str = "zone = [[0,0],[1,0],[1,1]]\ndwell = \"60s\"\n";

#[test]
fn reads_every_key_of_the_contract() {
    let config = parse(DESIGN).expect("the design's own example");
    let camera = &config.cameras[0];
    assert_eq!(camera.labels["gb28181"], "13100000001320000003");
    assert_eq!(camera.rules.len(), 3);
    assert_eq!(camera.rules[0].every(), Duration::from_secs(2));
    assert_eq!(camera.rules[2].model.as_deref(), Some("firewarden-lift"));
    assert_eq!(config.evidence.budget, ByteSize(20_000_000_000));
    assert_eq!(config.state.directory, Path::new("/etc/firewarden/state"));
}

#[test]
fn a_password_is_used_and_never_shown() {
    let config = parse(DESIGN).expect("the design's own example");
    let SourceAddress::Live(live) = &config.cameras[0].source else { panic!("a live camera") };
    assert!(live.address.as_str().contains("s3cret"));
    assert!(!format!("{config:?} {}", config.cameras[0].source).contains("s3cret"));
}

#[test]
fn what_it_comes_to_is_written_and_read_back_without_a_secret() {
    let more = "[[camera]]\nid = \"yard\"\nsource = \"yard/*.mp4\"\npixel_aspect = \"2:1\"\nrate = 12.5\n\
                region = [0.1, 0.0, 1.0, 0.9]\n[[camera.rule]]\nkind = \"fire_lane_parking\"\nevery = \"500ms\"\n\
                warn_after = \"4.4s\"\nzone = [[0.2, 0.1], [0.9, 0.1], [0.9, 0.7]]\ndwell = \"1h 30m\"\n\
                [evidence]\nupload = \"https://put:${LANE3_PASSWORD}@h/e\"\n";
    let (before, after) = DESIGN.split_once("[evidence]\n").expect("a section");
    let text = format!("{before}{more}{after}")
        .replace("kind = \"mqtt\"", "kind = \"mqtt\"\nusername = \"u\"\npassword = \"${LANE3_PASSWORD}\"");
    let reactions = "[[reaction]]\ncommand = [\"/bin/siren\", \"${LANE3_PASSWORD}\"]\n[[reaction]]\n\
                     url = \"http://u:${LANE3_PASSWORD}@10.2.0.40/hold\"\n";
    let text = text.replace("[console]", &format!("{reactions}[console]"));
    let config = parse(&text).expect("sound");
    let resolved = config.resolved();
    let written = serde_json::to_string(&resolved).expect("it is JSON");
    assert!(!format!("{written}{resolved:?}").contains("s3cret"), "{written}");
    let read: Resolved = serde_json::from_str(&written).expect("just written");
    assert_eq!(read, resolved);
    assert_eq!(read.site, config.site);
    assert_eq!(read.site.timezone.iana_name(), Some("Asia/Shanghai"));
    assert_eq!((&read.box_id, &read.sha256), (&config.box_id, &config.sha256));
    assert_eq!(read.detector, config.detector);
    for (read, camera) in read.cameras.iter().zip(&config.cameras) {
        assert_eq!(read.rules, camera.rules);
        assert_eq!(Camera { source: camera.source.clone(), ..read.clone() }, *camera);
    }
    assert_eq!(
        read.cameras[0].source,
        SourceAddress::new("rtsp://10.2.0.31/stream1".to_owned(), Path::new(""))
    );
    assert_eq!(read.sinks[0]["client_id"], "lf-027-lf-027-a");
    assert_eq!(read.reactions[0]["command"], serde_json::json!(["/bin/siren", "***"]));
    assert_eq!(read.cameras[1].source.to_string(), "yard/*.mp4");
    assert_eq!(read.evidence.directory, Path::new("evidence"));
    let utc = parse(&format!("[site]\nid = \"s\"\n{}", lane(SQUARE))).expect("sound").resolved();
    let written = serde_json::to_string(&utc).expect("it is JSON");
    assert_eq!(serde_json::from_str::<Resolved>(&written).expect("just written"), utc);
}

#[test]
fn files_lie_beside_the_configuration() {
    let more =
        "model = \"models/own.onnx\"\n[detector]\nmodel = \"yard.onnx\"\n[evidence]\ndirectory = \"kept\"\n";
    let config =
        parse(&format!("[site]\nid = \"s\"\n{}{more}", lane(SQUARE))).expect("a small configuration");
    assert_eq!(
        config.cameras[0].source,
        SourceAddress::Recording { folder: "/etc/firewarden".into(), written: "a.mp4".to_owned() }
    );
    assert_eq!(config.cameras[0].rules[0].model.as_deref(), Some("/etc/firewarden/models/own.onnx"));
    assert_eq!(config.detector.model, "/etc/firewarden/yard.onnx");
    assert_eq!(config.evidence.directory, Path::new("/etc/firewarden/kept"));
    let named = parse(&format!("[site]\nid = \"s\"\n{}[detector]\nmodel = \"yolox-nano\"\n", lane(SQUARE)));
    assert_eq!(named.expect("a name in the catalogue").detector.model, "yolox-nano");
}

#[test]
fn slips_of_the_pen_are_found() {
    let told = |more: &str| faults(&format!("{}{more}", lane(SQUARE))).join("\n");
    assert!(
        told("[evidence]\npre_roll = \"5d\"\n").contains("evidence.pre_roll: it must be no longer than 10m")
    );
    let twice = "[detector]\nmodel = \"a.onnx\"\nhead = \"yolox\"\ninput = [416, 416]\nclasses = { car = [2], truck = [2] }\n";
    assert!(told(twice).contains("detector.classes: output 2 is named twice"), "{}", told(twice));
}

#[test]
fn what_is_cut_off_of_a_secret_is_not_told_either() {
    let secret = "correct-horse-battery-staple-".repeat(5);
    let text = lane(SQUARE).replace("dwell = \"60s\"", "dwell = \"${LONG}\"");
    let text = format!("[site]\nid = \"s\"\n{text}");
    let found = Config::parse(&text, Path::new("/"), &|name| (name == "LONG").then(|| secret.clone()));
    let told = format!("{:?}", found.expect_err("no length of time"));
    assert!(told.contains("${LONG}") && !told.contains("horse"), "{told}");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    assert_eq!(
        faults(&lane(&format!("{SQUARE}dwel = \"3s\"\nfoo = 1\n[sight]\n"))),
        [
            "10: camera.lane.rule[0].dwel: unknown key \"dwel\"; did you mean \"dwell\"?",
            "11: camera.lane.rule[0].foo: unknown key \"foo\"; the nearest known is \"zone\", of zone, dwell, occlusion, warn_after, classes, \
             update_every, kind, name, schedule, every, model",
            "12: sight: unknown key \"sight\"; the nearest known is \"sink\", of site, box, \
             detector, camera, evidence, state, sink, reaction, console",
        ]
    );
}

#[test]
fn a_rate_is_one_that_cameras_have() {
    let with =
        |rate: &str| lane(SQUARE).replacen("[[camera.rule]]", &format!("rate = {rate}\n[[camera.rule]]"), 1);
    let sound = |rest: &str| parse(&format!("[site]\nid = \"s\"\n{rest}")).expect("sound");
    for (text, rate) in [("10", 10.0), ("0.1", 0.1), ("240", 240.0), ("12.5", 12.5)] {
        assert_eq!(sound(&with(text)).cameras[0].rate, Some(rate));
    }
    assert_eq!(sound(&lane(SQUARE)).cameras[0].rate, None);
    for text in ["0", "-5", "241", "0.05", "nan", "inf"] {
        let faults = faults(&with(text));
        assert!(faults[0].contains("camera.lane.rate: pictures a second are wanted"), "{text}: {faults:?}");
    }
}

#[test]
fn a_region_is_large_enough_and_holds_its_zones() {
    let with = |region: &str| {
        lane(SQUARE).replacen("[[camera.rule]]", &format!("region = {region}\n[[camera.rule]]"), 1)
    };
    let sound = parse(&format!("[site]\nid = \"s\"\n{}", with("[0.0, 0.0, 1.0, 1.0]"))).expect("sound");
    assert_eq!(sound.cameras[0].region, BBox::WHOLE);
    let small = faults(&with("[0.5, 0.5, 0.5, 0.9]"));
    assert!(small[0].contains("camera.lane.region: left, top, right, bottom are wanted"), "{small:?}");
    let beyond = faults(&with("[0.9, 0.9, 1.0, 1.0]"));
    assert!(
        beyond[0].contains("camera.lane.region: the zone of its rule fire_lane_parking reaches beyond it"),
        "{beyond:?}"
    );
}

#[test]
fn pixels_have_a_shape_that_cameras_have() {
    let with = |aspect: &str| {
        lane(SQUARE).replacen("[[camera.rule]]", &format!("pixel_aspect = {aspect}\n[[camera.rule]]"), 1)
    };
    let sound = parse(&format!("[site]\nid = \"s\"\n{}", with("\"2:1\""))).expect("sound");
    assert_eq!(sound.cameras[0].pixel_aspect, PixelAspect::new(2, 1));
    for wrong in ["\"9:1\"", "\"0:1\"", "\"wide\""] {
        let wrong = faults(&with(wrong));
        assert!(wrong[0].contains("camera.lane.pixel_aspect: is no ratio of a pixel's width"), "{wrong:?}");
    }
}

#[test]
fn all_faults_are_found_at_once() {
    let found = faults(&lane(
        "zone = [[0.1, 0.1], [0.2, 1.2]]\ndwell = 60\noccullsion = \"3s\"\nschedule = [\"mon 8-9\"]\n[detector]\n\
         confidence = \"high\"\n",
    ));
    assert_eq!(found.len(), 5, "{found:#?}");
    for (fault, part) in found.iter().zip([
        "8: camera.lane.rule[0].zone: a zone needs at least three points, this one has 2",
        "9: camera.lane.rule[0].dwell: invalid type: integer, expected a string",
        "10: camera.lane.rule[0].occullsion: unknown key \"occullsion\"; did you mean \"occlusion\"?",
        "11: camera.lane.rule[0].schedule: \"mon 8-9\" is no schedule",
        "13: detector.confidence: invalid type: string, expected a number",
    ]) {
        assert!(fault.starts_with(part), "{fault}\nshould begin with\n{part}");
    }
}

#[test]
fn a_key_below_a_header_of_its_own_is_named_too() {
    let (camera, rule) = lane(SQUARE)
        .split_once("[[camera.rule]]")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a rule");
    let text = format!("{camera}[camera.labels]\na = \"b\"\nb = 7\n[[camera.rule]]{rule}");
    assert_eq!(faults(&text), ["8: camera.lane.labels: invalid type: integer, expected a string"]);
}

#[test]
fn what_is_required_is_named() {
    assert_eq!(faults(&lane("dwell = \"60s\"\n")), ["6: camera.lane.rule[0].zone: this key is required"]);
    let found = parse("").expect_err("nothing");
    let keys: Vec<&str> = found.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["site", "camera"]);
}

#[test]
fn ids_are_unique_and_well_formed() {
    let twice = format!("{}{}", lane(SQUARE), lane(SQUARE));
    assert_eq!(faults(&twice), ["11: camera.lane.id: another camera has this id; ids must be unique"]);
    let malformed = lane(SQUARE).replace("\"lane\"", "\"Lane 3\"");
    assert!(
        faults(&malformed)[0].starts_with("4: camera.Lane 3.id: \"Lane 3\" is no id"),
        "{:?}",
        faults(&malformed)
    );
    let two_rules = |first: &str, second: &str| {
        let named = |name: &str| if name.is_empty() { String::new() } else { format!("name = \"{name}\"\n") };
        let second = format!("[[camera.rule]]\nkind = \"fire_lane_parking\"\n{}{SQUARE}", named(second));
        lane(&format!("{}{SQUARE}", named(first))) + &second
    };
    for (first, second) in [("", ""), ("", "b"), ("a", ""), ("a", "a")] {
        let text = two_rules(first, second);
        assert!(faults(&text)[0].contains("need names of their own"), "{text}");
    }
    assert!(parse(&format!("[site]\nid = \"s\"\n{}", two_rules("a", "b"))).is_ok());
}

#[test]
fn an_undefined_variable_names_key_and_variable() {
    let text = lane(SQUARE).replace("a.mp4", "rtsp://u:${NOPE}@h/");
    assert_eq!(
        faults(&text),
        [
            "5: camera.lane.source: the environment variable \"NOPE\" is not defined; set it before starting firewarden"
        ]
    );
}

#[test]
fn kinds_and_values_are_checked() {
    assert!(
        faults(&lane(SQUARE).replace("fire_lane_parking", "fire_lane_parkin"))[0]
            .contains("did you mean \"fire_lane_parking\"?")
    );
    for (rest, part) in [
        ("warn_after = \"2m\"\n", "it must be shorter than dwell (1m)"),
        ("occlusion = \"0s\"\n", "it must be longer than nothing"),
        ("update_every = \"0s\"\n", "it must be at least 1s"),
        ("classes = [\"person\"]\n", "person is no vehicle or two-wheeler"),
        ("classes = []\n", "the list is empty"),
        ("classes = [\"lorry\"]\n", "unknown variant `lorry`"),
        ("every = \"1ms\"\n", "it must be between 20ms and 60s"),
    ] {
        let found = faults(&lane(&format!("{SQUARE}{rest}")));
        assert!(found.len() == 1 && found[0].contains(part), "{rest}: {found:?}");
    }
    assert!(faults(&format!("timezone = \"Mars/North\"\n{}", lane(SQUARE)))[0].contains("no time zone"));
}

#[test]
fn the_provider_is_the_cpu_unless_another_is_named() {
    let of = |detector: &str| {
        let text = format!("[site]\nid = \"s\"\n{}{detector}", lane(SQUARE));
        let config = parse(&text).expect("sound");
        (config.detector.provider, config.detector.require)
    };
    assert_eq!(of(""), (Provider::Cpu, false));
    assert_eq!(of("[detector]\nconfidence = 0.5\n"), (Provider::Cpu, false));
    for provider in Provider::ALL {
        assert_eq!(of(&format!("[detector]\nprovider = \"{provider}\"\nrequire = true\n")), (provider, true));
    }
    assert_eq!(
        faults(&format!("{}[detector]\nprovider = \"open-vino\"\nrequires = true\n", lane(SQUARE))),
        [
            "11: detector.provider: unknown execution provider \"open-vino\"; did you mean \"openvino\"?",
            "12: detector.requires: unknown key \"requires\"; did you mean \"require\"?",
        ]
    );
    let found = faults(&format!("{}[detector]\nprovider = \"tensorrt\"\n", lane(SQUARE)));
    assert!(found[0].contains("of cpu, openvino, cuda"), "{found:?}");
}

#[test]
fn text_that_is_no_toml_is_said_to_be_none() {
    let found = parse("[site\nid = ").expect_err("no TOML");
    assert!(found[0].message.starts_with("this is not TOML"), "{found:?}");
}

#[test]
fn no_fault_tells_a_secret_however_it_is_quoted_and_wherever_it_stands() {
    let camera =
        "[[camera]]\nid = \"c\"\nsource = \"a.mp4\"\n[[camera.rule]]\nkind = \"control_room_unattended\"\n";
    let sink = |value: &str| {
        format!(
            "[site]\nid = \"s\"\n{camera}[[sink]]\nname = \"h\"\nkind = \"webhook\"\nurl = \"https://h\"\nsecrets = {value}\n"
        )
    };
    for secret in ["Zq7\"SECRET'zq9", "Zq7\\SECRET'zq9", "Zq7e\u{301}SECRETzq9"] {
        let lookup = |_: &str| Some(secret.to_owned());
        for text in [sink("\"${QT}\""), sink("[]").replace("\"webhook\"", "\"${QT}\"")] {
            let faults = Config::parse(&text, Path::new("."), &lookup).expect_err("it is wrong");
            let told: String = faults.iter().map(|fault| fault.message.clone()).collect();
            assert!(!told.contains("SECRET"), "{told}");
        }
    }
    // One that is written as it is, in the wrong form.
    let faults = Config::parse(&sink("\"whsec_SECRET\""), Path::new("."), &|_| None).expect_err("no list");
    assert_eq!(faults[0].message, "invalid type: string, expected a list, such as [\"…\"]");
}

#[test]
fn no_fault_tells_the_value_of_an_environment_variable() {
    let camera = "[[camera]]\nid = \"c\"\nsource = \"a.mp4\"\n[[camera.rule]]\nkind = \"fire_lane_parking\"\n\
                  zone = [[0,0],[1,0],[1,1]]\ndwell = \"${LANE3_PASSWORD}\"\n";
    let told = faults(&format!("timezone = \"tz-${{LANE3_PASSWORD}}\"\n{camera}")).join("\n");
    assert!(told.contains("tz-${LANE3_PASSWORD}") && !told.contains("s3cret"), "{told}");
    assert_eq!(told.matches("${LANE3_PASSWORD}").count(), 2, "{told}");
}
