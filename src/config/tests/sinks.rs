//! What may be said of sinks and reactions.

use super::*;
use crate::domain::{Kind, Phase};

const SECRET: &str = "whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0";

fn with(rest: &str) -> String {
    format!("{}{rest}", lane(SQUARE))
}

fn sound(rest: &str) -> Config {
    let config = parse(&format!("[site]\nid = \"s\"\n[box]\nid = \"b\"\n{}", with(rest)));
    config.unwrap_or_else(|faults| panic!("{rest}: {faults:?}"))
}

/// A sink called `a`, with what is said of it.
fn sink(keys: &str) -> String {
    format!("[[sink]]\nname = \"a\"\n{keys}\n")
}

#[test]
fn each_kind_has_its_keys_and_their_defaults() {
    let of = |keys: &str| sound(&sink(keys)).sinks.remove(0).settings;
    let SinkSettings::Mqtt(mqtt) = of("kind = \"mqtt\"\nurl = \"mqtt://h\"") else { panic!("MQTT") };
    assert_eq!((mqtt.client_id.as_str(), mqtt.username, mqtt.password, mqtt.ca), ("s-b", None, None, None));
    let keys = "kind = \"mqtt\"\nurl = \"mqtts://h:8883/\"\nusername = \"u\"\npassword = \"p\"\nca = \"ca.pem\"\nclient_id = \"c\"";
    let SinkSettings::Mqtt(mqtt) = of(keys) else { panic!("MQTT") };
    assert_eq!(mqtt.password.map(|password| password.expose().to_owned()).as_deref(), Some("p"));
    assert_eq!((mqtt.client_id.as_str(), mqtt.ca), ("c", Some("/etc/firewarden/ca.pem".into())));
    let SinkSettings::Nats(nats) = of("kind = \"nats\"\nurl = \"nats://u:p@h:4222\"") else { panic!("NATS") };
    assert_eq!((nats.stream.as_str(), nats.credentials), ("FIREWARDEN", None));
    let keys = format!("kind = \"webhook\"\nurl = \"http://h/a\"\nsecrets = [\"{SECRET}\", \"{SECRET}\"]");
    let SinkSettings::Webhook(webhook) = of(&keys) else { panic!("a webhook") };
    assert_eq!((webhook.secrets.len(), webhook.url.as_str()), (2, "http://h/a"));
    let SinkSettings::File(file) = of("kind = \"file\"\npath = \"alerts.jsonl\"") else { panic!("a file") };
    assert_eq!((file.rotate, file.files), (ByteSize::megabytes(64), 8));
    assert_eq!(file.path, Path::new("/etc/firewarden/alerts.jsonl"));
    for kind in ["dingtalk", "feishu"] {
        let settings = of(&format!("kind = \"{kind}\"\nurl = \"https://h/r\"\nsecret = \"x\""));
        let (SinkSettings::Dingtalk(robot) | SinkSettings::Feishu(robot)) = settings else {
            panic!("{kind}")
        };
        assert_eq!(robot.secret.map(|secret| secret.expose().to_owned()).as_deref(), Some("x"));
    }
    assert_eq!(of("kind = \"wecom\"\nurl = \"https://h/r?key=x\"").kind(), SinkKind::Wecom);
}

#[test]
fn what_is_wrong_with_a_sink_is_told_with_its_name_and_line() {
    let webhook = |rest: &str| format!("kind = \"webhook\"\nurl = \"https://h\"\n{rest}");
    let secrets = format!("secrets = [\"{SECRET}\"]");
    for (keys, told) in [
        (
            "url = \"mqtt://h\"".to_owned(),
            "10: sink.a.kind: this key is required: one of mqtt, nats, webhook, file, wecom, dingtalk, feishu",
        ),
        ("kind = \"mqt\"".to_owned(), "12: sink.a.kind: unknown kind \"mqt\"; did you mean \"mqtt\"?"),
        ("kind = \"mqtt\"".to_owned(), "10: sink.a.url: this key is required"),
        (
            "kind = \"mqtt\"\nurl = \"https://h\"".to_owned(),
            "13: sink.a.url: an MQTT broker is reached by mqtts:// or mqtt://: write it such as",
        ),
        ("kind = \"mqtt\"\nurl = \"h:1883\"".to_owned(), "13: sink.a.url: it is no address"),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://u:p@h\"".to_owned(),
            "13: sink.a.url: user name and password do not belong here: write `username` and `password`",
        ),
        ("kind = \"mqtt\"\nurl = \"mqtt://h/topic\"".to_owned(), "13: sink.a.url: nothing follows the host"),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://h\"\nca = \"a.pem\"".to_owned(),
            "14: sink.a.ca: no certificate is shown without TLS",
        ),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://h\"\npassword = \"p\"".to_owned(),
            "14: sink.a.password: it goes with a `username`",
        ),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://h\"\nclient_id = \"\"".to_owned(),
            "14: sink.a.client_id: it is empty",
        ),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://h\"\ncredentials = \"p\"".to_owned(),
            "14: sink.a.credentials: \"credentials\" is a key of nats, not of mqtt",
        ),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://h\"\nsecret = \"p\"".to_owned(),
            "14: sink.a.secret: \"secret\" is a key of dingtalk, feishu, not of mqtt",
        ),
        (
            "kind = \"mqtt\"\nurl = \"mqtt://h\"\nusrname = \"p\"".to_owned(),
            "14: sink.a.usrname: unknown key \"usrname\"; did you mean \"username\"?",
        ),
        (
            "kind = \"wecom\"\nurl = \"https://h\"\nsecret = \"p\"".to_owned(),
            "14: sink.a.secret: \"secret\" is a key of dingtalk, feishu, not of wecom",
        ),
        ("kind = \"wecom\"\nurl = \"http://h\"".to_owned(), "13: sink.a.url: a robot is reached by https://"),
        ("kind = \"feishu\"\nurl = \"https://u@h\"".to_owned(), "13: sink.a.url: robots know no user"),
        (
            "kind = \"wecom\"\nurl = \"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=\"".to_owned(),
            "13: sink.a.url: it names no robot",
        ),
        (
            "kind = \"dingtalk\"\nurl = \"https://oapi.dingtalk.com/robot/send?token=x\"".to_owned(),
            "13: sink.a.url: it names no robot",
        ),
        (
            "kind = \"feishu\"\nurl = \"https://open.feishu.cn/open-apis/bot/v2/hook/\"".to_owned(),
            "13: sink.a.url: it names no robot",
        ),
        (
            "kind = \"nats\"\nurl = \"nats://h\"\nstream = \"a.b\"".to_owned(),
            "14: sink.a.stream: streams are called",
        ),
        (
            "kind = \"nats\"\nurl = \"nats://h\"\ncredentials = \"nats.creds\"".to_owned(),
            "14: sink.a.credentials: it holds no token and key of a NATS user",
        ),
        (webhook(""), "10: sink.a.secrets: this key is required"),
        (webhook("secrets = []"), "14: sink.a.secrets: one to four are wanted"),
        (webhook("secrets = [\"secret\"]"), "14: sink.a.secrets: each is `whsec_` and 24 to 64 bytes"),
        (webhook("secrets = [\"whsec_c2hvcnQ=\"]"), "14: sink.a.secrets: each is `whsec_`"),
        (webhook(&secrets).replace("https", "ws"), "13: sink.a.url: it is reached by https:// or http://"),
        ("kind = \"file\"\npath = \"\"".to_owned(), "13: sink.a.path: it is empty"),
        (
            "kind = \"file\"\npath = \"a\"\nfiles = 0".to_owned(),
            "14: sink.a.files: it must be between 1 and 1000",
        ),
        (
            "kind = \"file\"\npath = \"a\"\nrotate = \"20GB\"".to_owned(),
            "14: sink.a.rotate: it must be between 1MB and 10GB",
        ),
        (
            "kind = \"file\"\npath = \"a\"\ncameras = [\"lain\"]".to_owned(),
            "14: sink.a.cameras: unknown camera \"lain\"; did you mean \"lane\"?",
        ),
    ] {
        let found = faults(&with(&sink(&keys)));
        assert!(found.len() == 1 && found[0].starts_with(told), "{keys}: {found:?}\nshould be\n{told}");
    }
}

#[test]
fn a_key_that_cannot_be_read_hides_no_other_fault() {
    let odd = "kind = \"file\"\npath = \"a\"\nkinds = [\"parking\"]\ncameras = [\"lain\"]\nfiles = 0";
    let found = faults(&with(&sink(odd)));
    let keys: Vec<&str> = found.iter().filter_map(|fault| fault.split(": ").nth(1)).collect();
    assert_eq!(keys, ["sink.a.kinds", "sink.a.cameras", "sink.a.files"], "{found:?}");
    let found =
        faults(&with("[[reaction]]\nurl = \"http://h\"\nkinds = [\"parking\"]\ncameras = [\"lain\"]\n"));
    let keys: Vec<&str> = found.iter().filter_map(|fault| fault.split(": ").nth(1)).collect();
    assert_eq!(keys, ["reaction[0].kinds", "reaction[0].cameras"], "{found:?}");
    let found = faults(&with("[evidence]\nupload_rate = \"1B\"\nkeep = \"1s\"\nbudget = \"1kB\"\n"));
    let keys: Vec<&str> = found.iter().filter_map(|fault| fault.split(": ").nth(1)).collect();
    assert_eq!(keys, ["evidence.upload_rate", "evidence.keep", "evidence.budget"], "{found:?}");
}

#[test]
fn sinks_are_told_apart() {
    let file =
        |name: &str, path: &str| format!("[[sink]]\nname = \"{name}\"\nkind = \"file\"\npath = \"{path}\"\n");
    sound(&format!("{}{}", file("a", "a"), file("b", "b")));
    let twice = faults(&with(&format!("{}{}", file("a", "a"), file("a", "b"))));
    assert_eq!(twice, ["15: sink.a.name: another sink has this name; names must be unique"]);
    let one_file = faults(&with(&format!("{}{}", file("a", "a"), file("b", "a"))));
    assert_eq!(one_file, ["17: sink.b.path: another sink writes this file"]);
    let broker = |name: &str, more: &str| {
        format!("[[sink]]\nname = \"{name}\"\nkind = \"mqtt\"\nurl = \"mqtt://h\"\n{more}")
    };
    sound(&format!("{}{}", broker("a", ""), broker("b", "client_id = \"other\"\n")));
    let one_client = faults(&with(&format!("{}{}", broker("a", ""), broker("b", ""))));
    assert!(
        one_client.len() == 1 && one_client[0].contains("client_id: another sink is known"),
        "{one_client:?}"
    );
    let nameless = faults(&with("[[sink]]\nkind = \"file\"\npath = \"a\"\n"));
    assert_eq!(nameless, ["10: sink[0].name: this key is required"]);
    let odd = faults(&with(&file("Platform 1", "a")));
    assert!(odd[0].starts_with("11: sink.Platform 1.name: \"Platform 1\" is no id"), "{odd:?}");
}

#[test]
fn sinks_take_what_they_name() {
    let keys = "kind = \"file\"\npath = \"a\"\nkinds = [\"ebike_in_elevator\"]\nphases = [\"raised\"]\ncameras = [\"lane\"]";
    let filter = &sound(&sink(keys)).sinks[0].filter;
    let lane = &filter.cameras[0];
    assert!(filter.passes(lane, Kind::EbikeInElevator, Phase::Raised));
    assert!(!filter.passes(lane, Kind::EbikeInElevator, Phase::Ended));
    assert!(filter.passes_camera(lane));
}

#[test]
fn a_reaction_does_one_thing() {
    let of = |keys: &str| sound(&format!("[[reaction]]\n{keys}\n")).reactions.remove(0);
    let posted = of("url = \"http://u:p@10.2.0.40/hold\"");
    assert_eq!(posted.filter.phases, [Phase::Raised]);
    let Deed::Url(url) = &posted.deed else { panic!("an address") };
    assert_eq!((url.as_str(), url.to_string().as_str()), ("http://u:p@10.2.0.40/hold", "http://10.2.0.40/…"));
    let run = of("command = [\"/bin/siren\", \"30\"]\nphases = [\"warned\", \"ended\"]");
    let Deed::Command(command) = &run.deed else { panic!("a program") };
    assert_eq!((command.program.as_path(), command.arguments[0].expose()), (Path::new("/bin/siren"), "30"));
    for (keys, told) in [
        ("", "10: reaction[0].url: it does nothing"),
        (
            "url = \"http://h\"\ncommand = [\"/bin/siren\"]",
            "12: reaction[0].command: one of `url` and `command`",
        ),
        ("url = \"mqtt://h\"", "11: reaction[0].url: a device is reached by http:// or https://"),
        ("command = [\"siren\"]", "11: reaction[0].command: the absolute path of a program comes first"),
        ("command = [\"/\"]", "11: reaction[0].command: the absolute path"),
        ("command = []", "11: reaction[0].command: a program and up to 31 arguments are wanted"),
        ("command = \"/bin/siren\"", "11: reaction[0].command: "),
        ("command = [\"/bin/siren\", 4711]", "11: reaction[0].command: a text is wanted here"),
        ("url = \"http://h\"\ncameras = [\"lift\"]", "12: reaction[0].cameras: unknown camera \"lift\""),
        (
            "ulr = \"http://h\"\nurl = \"http://h\"",
            "11: reaction[0].ulr: unknown key \"ulr\"; did you mean \"url\"?",
        ),
    ] {
        let found = faults(&with(&format!("[[reaction]]\n{keys}\n")));
        assert!(found.len() == 1 && found[0].starts_with(told), "{keys}: {found:?}");
    }
}

#[test]
fn a_file_of_alerts_is_one_of_its_own() {
    let file =
        |name: &str, path: &str| format!("[[sink]]\nname = \"{name}\"\nkind = \"file\"\npath = \"{path}\"\n");
    let told = |text: &str| faults(&with(text));
    for path in
        ["./alerts//alerts.jsonl", "alerts/../alerts/alerts.jsonl", "/etc/firewarden/alerts/alerts.jsonl"]
    {
        let both = file("a", "alerts/alerts.jsonl") + &file("b", path);
        assert_eq!(told(&both), ["17: sink.b.path: another sink writes this file"], "{path}");
    }
    for (first, second) in [("alerts.jsonl", "alerts.jsonl.1"), ("alerts.jsonl.7", "./alerts.jsonl")] {
        let told = told(&(file("a", first) + &file("b", second)));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("17: sink.b.path: older files of one of the two are called as `sink.a.path`"),
            "{told:?}"
        );
    }
    let apart = file("a", "alerts.jsonl") + &file("b", "alerts.jsonl.8") + &file("c", "alerts.jsonl.x");
    assert_eq!(sound(&apart).sinks.len(), 3, "8 files are kept, which end with .7");
    for (path, key) in [
        ("state/firewarden.db", "[state] directory"),
        ("state/../evidence/2026-11-24/x", "[evidence] directory"),
    ] {
        let told = told(&file("a", path));
        assert!(told[0].contains("13: sink.a.path: it lies in") && told[0].contains(key), "{told:?}");
    }
}

#[test]
fn a_reaction_to_nothing_is_told_with_all_else() {
    let told = |keys: &str| faults(&with(&format!("[[reaction]]\nurl = \"http://h\"\n{keys}\n")));
    assert!(told("phases = []")[0].contains("12: reaction[0].phases: it names none"));
    let all = told("kinds = [\"fire\"]\ncameras = [\"nosuch\"]");
    assert_eq!(all.len(), 2, "one fault hides no other: {all:?}");
    let all = faults(&with("[[reaction]]\nurl = 5\nkinds = [\"fire\"]\n"));
    assert!(all.len() == 2 && !all.iter().any(|fault| fault.contains("it does nothing")), "{all:?}");
}
