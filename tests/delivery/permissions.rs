//! What the samples say of who may do what, at the brokers that they are for: what a box and a platform need is allowed, and a box
//! that somebody has stolen neither speaks for others nor hears them.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    brokers::Kind,
    nats::{self, Client},
    process::{Process, bound_to_this, found, free_port},
    service::{PATIENCE, sample, wait_for},
    station::{CAMERAS, Station},
    subscriber::Subscriber,
};

const BOX: (&str, &str) = ("box", "of-the-b0x");
const PLATFORM: (&str, &str) = ("platform", "of-the-platf0rm");
/// What a platform says of itself, to have all and to ask soon.
const ARGUMENTS: [&str; 6] = ["--username", PLATFORM.0, "--from", "1", "--ask-after", "1"];

/// A sample for the box of tests, which has other names and more cameras.
fn for_tests(name: &str) -> String {
    let text = fs::read_to_string(sample("subscribers").join(name)).expect("a sample");
    let of_cameras = |line: &str| match line.contains("lane-3") {
        true => CAMERAS.map(|camera| line.replace("lane-3", camera) + "\n").concat(),
        false => format!("{line}\n"),
    };
    let text: String = text.lines().map(of_cameras).collect();
    text.replace("lf-027-a", BOX.0).replace("lf-027", "test")
}

/// What nobody may take for an alert of the box that it names.
fn forged() -> String {
    json!({
        "specversion": "1.0", "type": "firewarden.camera.online", "source": "/sites/test/cameras/forged", "id": "forged",
        "outboxid": "forged", "sequence": "00000000000000000001", "data": { "camera": "forged" },
    })
    .to_string()
}

/// What mosquitto's own clients do as one of its users.
fn client(program: &str, port: u16, (user, password): (&str, &str)) -> Command {
    let mut command = bound_to_this(program.as_ref());
    command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-V", "5", "-q", "1"]);
    command.args(["-u", user, "-P", password]);
    command
}

fn publish(port: u16, user: (&str, &str), topic: &str, text: &str) -> Output {
    client("mosquitto_pub", port, user).args(["-t", topic, "-m", text]).output().expect("mosquitto_pub")
}

/// Starts mosquitto as the sample says.
fn broker(folder: &Path, port: u16) -> Process {
    let path = |name: &str| folder.join(name).display().to_string();
    for (at, (user, password)) in [BOX, PLATFORM].into_iter().enumerate() {
        let mut passwords = Command::new("mosquitto_passwd");
        passwords.arg("-b").args((at == 0).then_some("-c")).args([&path("passwords"), user, password]);
        assert!(passwords.stderr(Stdio::null()).status().expect("mosquitto_passwd").success());
    }
    fs::write(path("acl"), for_tests("mosquitto.acl")).expect("written");
    let text = format!(
        "user root\nper_listener_settings false\nallow_anonymous false\nacl_file {}\npassword_file {}\nlog_dest stdout\n\
         listener {port} 127.0.0.1\n",
        path("acl"),
        path("passwords")
    );
    fs::write(path("mosquitto.conf"), text).expect("written");
    let program = found("mosquitto").expect("it is here");
    let mut process = Process::start(&program, &["-c", &path("mosquitto.conf")], &folder.join("log"));
    process.listens(port);
    process
}

/// `mosquitto.acl`.
pub fn mosquitto() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let _broker = broker(folder.path(), port);
    let mut platform = Subscriber::start_with_password(Kind::Mqtt, port, &ARGUMENTS, PLATFORM.1);
    let mut station = Station::start(&format!(
        "kind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{port}\"\nusername = \"{}\"\npassword = \"{}\"\n",
        BOX.0, BOX.1
    ));
    // What is allowed: alerts, signs of life, and that what is missing is asked for. By another name its session is not kept.
    station.tell(3);
    station.arrives(|| platform.printed());
    platform.says("firewarden/v1/test/box/status: {\"online\":true");
    platform.kill();
    station.tell(3);
    wait_for("the broker has taken them", PATIENCE, || (station.handle().facts().waiting == 0).then_some(()));
    platform.start_again(&["--client-id", "another"]);
    station.tell(1);
    station.arrives(|| platform.printed());
    assert!(platform.said().contains("missing: "), "{}", platform.said());

    // What is not: to speak for others. Each is answered before the next alert comes.
    let denied = [
        (BOX, "firewarden/v1/test/forged/violation"),
        (BOX, "firewarden/v1/test/forged/health"),
        (BOX, "firewarden/v1/forged/lane-1/violation"),
        (BOX, "firewarden/v1/test/forged/heartbeat"),
        (BOX, "firewarden/v1/test/forged/status"),
        (BOX, "firewarden/v1/test/box/resend"),
        (BOX, "firewarden/v1/test/forged/verdict"),
        (PLATFORM, "firewarden/v1/test/lane-1/violation"),
        (PLATFORM, "firewarden/v1/test/box/status"),
    ];
    for (user, topic) in denied {
        let output = publish(port, user, topic, &forged());
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(said.contains("not authorized"), "{} at {topic}: {said:?}", user.0);
    }
    // Nor to hear what others are told, or what they tell.
    let hears = client("mosquitto_sub", port, BOX)
        .args(["-t", "firewarden/v1/#", "-t", "$SYS/#", "-F", "%t", "-C", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut hears = hears.expect("mosquitto_sub");
    wait_for("it hears what it is told itself", PATIENCE, || {
        station.tell(1);
        for topic in ["test/forged/verdict", "test/forged/resend", "forged/box/verdict", "test/box/verdict"] {
            let output = publish(port, PLATFORM, &format!("firewarden/v1/{topic}"), "{}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "the platform may tell any box");
        }
        hears.try_wait().expect("a child")
    });
    let heard = hears.wait_with_output().expect("what it heard");
    assert_eq!(String::from_utf8_lossy(&heard.stdout), "firewarden/v1/test/box/verdict\n");

    station.arrives(|| platform.printed());
    assert!(!platform.said().contains("forged"), "{}", platform.said());
    station.end();
}

/// `nats.conf`.
pub fn nats() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let port = free_port();
    let text = for_tests("nats.conf")
        .replace("$NATS_STORE", &format!("\"{}\"", path("store")))
        .replace("$BOX_PASSWORD", &format!("\"{}\"", BOX.1))
        .replace("$PLATFORM_PASSWORD", &format!("\"{}\"", PLATFORM.1));
    fs::write(path("nats.conf"), text).expect("written");
    let program = nats::program().expect("it is here");
    let arguments = ["-c", &path("nats.conf"), "-a", "127.0.0.1", "-p", &port.to_string()];
    let mut server = Process::start(&program, &arguments, &folder.path().join("log"));
    server.listens(port);

    let [_, user, rest @ ..] = ARGUMENTS;
    let arguments = [&["--user", user], &rest[..]].concat();
    Subscriber::make_stream(port, &arguments, PLATFORM.1);
    let platform = || Client::connect(port, Some(PLATFORM), "_INBOX_platform").expect("the platform");
    // What is asked for again is dropped by the stream within the window in which it knows repeats: it is to be short.
    let ask = |what: &str, text: &Value| -> Value {
        let answer = platform().request(&format!("$JS.API.STREAM.{what}.FIREWARDEN"), &text.to_string());
        let answer = answer.expect("the platform may do that");
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    };
    let mut settings = ask("INFO", &json!({}))["config"].clone();
    settings["duplicate_window"] = json!(100_000_000);
    ask("UPDATE", &settings);

    let mut subscriber = Subscriber::start_with_password(Kind::Nats, port, &arguments, PLATFORM.1);
    let mut station =
        Station::start(&format!("kind = \"nats\"\nurl = \"nats://{}:{}@127.0.0.1:{port}\"\n", BOX.0, BOX.1));
    // What is allowed: alerts, signs of life, and that what is missing is asked for. Two are lost at the server.
    station.tell(3);
    station.arrives(|| subscriber.printed());
    subscriber.kill();
    station.tell(3);
    wait_for("the server has taken them", PATIENCE, || (station.handle().facts().waiting == 0).then_some(()));
    for sequence in [14, 17] {
        ask("MSG.DELETE", &json!({ "seq": sequence }));
    }
    subscriber.start_again(&[]);
    station.arrives(|| subscriber.printed());
    assert!(subscriber.said().contains("missing: "), "{}", subscriber.said());

    // What is not: to speak for others, to hear them, to do anything with the stream.
    let as_box = || Client::connect(port, Some(BOX), "_INBOX").expect("the box");
    for (mut client, subject) in [
        (as_box(), "firewarden.v1.test.forged.violation"),
        (as_box(), "firewarden.v1.forged.lane-1.violation"),
        (as_box(), "firewarden.v1.test.forged.heartbeat"),
        (as_box(), "firewarden.v1.test.box.resend"),
        (as_box(), "firewarden.v1.test.forged.verdict"),
        (as_box(), "$JS.API.STREAM.MSG.GET.FIREWARDEN"),
        (as_box(), "$JS.API.STREAM.PURGE.FIREWARDEN"),
        (as_box(), "$JS.API.STREAM.DELETE.FIREWARDEN"),
        (as_box(), "$JS.API.CONSUMER.CREATE.FIREWARDEN"),
        (platform(), "firewarden.v1.test.lane-1.violation"),
        (platform(), "firewarden.v1.test.box.heartbeat"),
    ] {
        client.publish(subject, &forged()).expect("said");
        denied(&mut client, "Publish", subject);
    }
    for subject in [
        "firewarden.>",
        "firewarden.v1.test.forged.verdict",
        "firewarden.v1.*.*.resend",
        "_INBOX_platform.>",
        "$JS.>",
        ">",
    ] {
        let mut client = as_box();
        client.subscribe(subject).expect("said");
        denied(&mut client, "Subscription", subject);
    }
    let mut client = as_box();
    client.subscribe("firewarden.v1.test.box.resend").and_then(|()| client.flush()).expect("its own");
    station.tell(1);
    station.arrives(|| subscriber.printed());
    assert!(!subscriber.said().contains("forged"), "{}", subscriber.said());
    station.end();
}

fn denied(client: &mut Client, what: &str, subject: &str) {
    let error = client.flush().expect_err(subject).to_string();
    assert!(error.contains(&format!("Permissions Violation for {what}")), "{subject}: {error}");
}
