//! The subscribers in `samples/subscribers` that need no broker, against what the program sends.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use firewarden::{
    config::Config,
    deliver::{Dispatcher, Sender},
    domain::BoxHealth,
    ledger::database::Database,
    stop::Stop,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::{
    common::root,
    outbox::{Box as Site, tell},
};

/// What takes moments is waited for so long.
const PATIENCE: Duration = Duration::from_secs(60);
const OUTBOX: &str = "0b5a1c9e-6f3d-4e2a-9b7c-21d84f60a3e5";

/// A subscriber that runs.
pub struct Subscriber {
    child: Child,
    printed: Receiver<String>,
    said: Receiver<String>,
}

impl Subscriber {
    pub fn start(name: &str, args: &[&str], secret: &str) -> Self {
        let path = root().join("samples/subscribers").join(name);
        let mut command = Command::new("python3");
        command.arg("-B").arg(path).args(args).env("WEBHOOK_SECRET", secret);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("python3 is there");
        let printed = lines(child.stdout.take().expect("a pipe"));
        let said = lines(child.stderr.take().expect("a pipe"));
        Self { child, printed, said }
    }

    /// The next alerts that it prints.
    pub fn alerts(&self, count: usize) -> Vec<Value> {
        let next = |_| {
            let line = self.printed.recv_timeout(PATIENCE).expect("it prints an alert");
            serde_json::from_str(&line).expect("each line is JSON")
        };
        (0..count).map(next).collect()
    }

    /// Waits until it says something with these words.
    pub fn says(&self, words: &str) -> String {
        let mut said = String::new();
        loop {
            let Ok(line) = self.said.recv_timeout(PATIENCE) else {
                panic!("it does not say {words:?}:\n{said}")
            };
            if line.contains(words) {
                return line;
            }
            said += &(line + "\n");
        }
    }

    /// Waits until it has ended. Its exit code, and what else it printed.
    pub fn end(&mut self) -> (Option<i32>, Vec<String>) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return (status.code(), self.printed.iter().collect());
            }
            assert!(began.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Delivers as the service does.
fn deliver(site: &Site, database: &Database) -> Dispatcher {
    let config = Config::load(&site.path("site.toml")).expect("well formed");
    let health = |sender: &Sender| BoxHealth {
        site: sender.site.clone(),
        r#box: sender.box_id.clone(),
        version: "0.1.0".to_owned(),
        since: Timestamp::UNIX_EPOCH,
        cameras: 1,
        cameras_online: 1,
        cameras_offline: [].into(),
        cores: 2,
        memory_bytes: None,
        disk_free_bytes: None,
        alerts_waiting: 0,
        oldest_waiting_s: 0,
        dead_letters: 0,
        uploads_waiting: 0,
    };
    Dispatcher::start(database.handle(), &config.sinks, &Sender::of(&config), health, Stop::default())
        .expect("threads")
}

fn sequences(alerts: &[Value]) -> Vec<u64> {
    let sequence =
        |alert: &Value| alert["sequence"].as_str().and_then(|text| text.parse().ok()).expect("digits");
    alerts.iter().map(sequence).collect()
}

#[test]
fn a_file_is_followed_over_its_rotations_and_restarts() {
    let site = Site::new(
        "[[sink]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\nrotate = \"1MB\"\nfiles = 50\n",
    );
    let database = site.database(&["file"]);
    let dispatcher = deliver(&site, &database);
    let (path, state) = (site.path("alerts.jsonl"), site.path("seen.db"));
    let (path, state) = (path.to_string_lossy(), state.to_string_lossy());
    tell(&database, "lane", 100);
    let all = 3_500;
    let mut first = Subscriber::start("file.py", &[&path, "--state", &state, "--count", "3000"], "");
    tell(&database, "lane", all - 100);
    let before = first.alerts(3_000);
    assert_eq!(first.end(), (Some(0), vec![]));
    assert_eq!(sequences(&before), (1..=3_000).collect::<Vec<_>>());
    assert!(dispatcher.finish(PATIENCE).is_empty());
    assert!(site.path("alerts.jsonl.1").exists(), "it was rotated");
    // It goes on where it was.
    let mut second = Subscriber::start("file.py", &[&path, "--state", &state, "--count", "500"], "");
    let after = second.alerts(500);
    assert_eq!(second.end(), (Some(0), vec![]));
    assert_eq!(sequences(&after), (3_001..=u64::from(all)).collect::<Vec<_>>());
    let mut third =
        Subscriber::start("file.py", &[&path, "--state", &state, "--count", "1", "--timeout", "1"], "");
    assert_eq!(third.end(), (Some(1), vec![]), "nothing is printed twice");
    database.close(PATIENCE).expect("all is written");
}

/// An alert of a camera, or a heartbeat of the box.
fn alert(what: &str, sequence: u64, outbox: &str) -> Value {
    let source = match what {
        "heartbeat" => "/sites/lf-027/boxes/box".to_owned(),
        camera => format!("/sites/lf-027/cameras/{camera}"),
    };
    let alert_type =
        if what == "heartbeat" { "firewarden.box.heartbeat" } else { "firewarden.camera.online" };
    json!({
        "specversion": "1.0", "type": alert_type, "source": source, "outboxid": outbox,
        "id": format!("{outbox} {what} {sequence}"), "sequence": format!("{sequence:020}"), "data": {},
    })
}

#[test]
fn repeats_are_dropped_holes_are_found_and_what_comes_late_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let other = "11111111-6f3d-4e2a-9b7c-21d84f60a3e5";
    let none = "00000000-0000-0000-0000-000000000000";
    let add = |lines: &[Value]| {
        let mut file = fs::File::options().create(true).append(true).open(&path).expect("it opens");
        for line in lines {
            writeln!(file, "{line}").expect("written");
        }
    };
    let own = |what: &str, sequence| alert(what, sequence, OUTBOX);
    add(&[own("lane", 3), own("lane", 4), own("lane", 3), own("post", 8)]);
    writeln!(
        fs::File::options().append(true).open(&path).expect("it opens"),
        "{{\"id\":\n[]\nnull\n\"x\"\n{{}}\n"
    )
    .expect("written");
    let path_text = path.to_string_lossy();
    let mut inbox = Subscriber::start("file.py", &[&path_text, "--ask-after", "0.5", "--count", "8"], "");
    assert_eq!(sequences(&inbox.alerts(3)), [3, 4, 8]);
    for _ in 0..5 {
        inbox.says("a line is left out");
    }
    let missing = inbox.says("missing: ");
    assert!(
        missing.contains(&format!("{{\"outboxid\": \"{OUTBOX}\", \"from\": 5, \"to\": 7}}")),
        "{missing}"
    );
    // The last one is missed because of a heartbeat, and part of the hole is closed.
    add(&[own("lane", 6), alert("heartbeat", 9, none), own("heartbeat", 9)]);
    assert_eq!(sequences(&inbox.alerts(1)), [6]);
    inbox.says("somebody tries the sink");
    for (from, to) in [(7, 7), (9, 9)] {
        inbox.says(&format!("\"from\": {from}, \"to\": {to}}}"));
    }
    add(&[own("lane", 5), own("post", 7), own("lane", 9)]);
    let late: Vec<bool> = inbox.alerts(3).iter().map(|alert| alert["late"] == true).collect();
    assert_eq!(late, [true, true, false], "each is compared with those of its camera");
    // Another outbox begins with 1, whatever comes of it first.
    add(&[alert("lane", 2, other), alert("heartbeat", 2, other)]);
    let newest = inbox.alerts(1);
    assert_eq!((sequences(&newest), newest[0].get("late")), (vec![2], None));
    assert_eq!(inbox.end().0, Some(0));
}

#[test]
fn a_new_outbox_is_missed_from_its_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let other = "11111111-6f3d-4e2a-9b7c-21d84f60a3e5";
    let lines = [alert("heartbeat", 7, OUTBOX), alert("lane", 3, other), alert("heartbeat", 3, other)];
    fs::write(&path, lines.map(|line| format!("{line}\n")).concat()).expect("written");
    let inbox = Subscriber::start("file.py", &[&path.to_string_lossy(), "--ask-after", "0.2"], "");
    inbox.says("has begun a new outbox");
    let missing = inbox.says("missing: ");
    assert!(missing.contains(&format!("{{\"outboxid\": \"{other}\", \"from\": 1, \"to\": 2}}")), "{missing}");
}

#[test]
fn a_sink_with_a_filter_has_holes_by_design() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let lines = [3, 9].map(|sequence| format!("{}\n", alert("lane", sequence, OUTBOX)));
    fs::write(&path, lines.concat()).expect("written");
    let args = [&path.to_string_lossy(), "--ask-after", "0.1", "--timeout", "2", "--filtered"];
    let mut inbox = Subscriber::start("file.py", &args, "");
    assert_eq!(inbox.end().0, Some(0));
    assert_eq!(inbox.said.iter().collect::<Vec<_>>(), Vec::<String>::new());
}

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const RENEWED: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Posts a body, signed at this time; the status of the answer.
fn post(address: &str, body: &str, secret: &str, at: i64, more: &str) -> u16 {
    let id = "6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8";
    let signature = Webhook::new(secret).expect("a secret").sign(id, at, body.as_bytes()).expect("signed");
    let request = format!(
        "POST /alerts HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\nwebhook-id: {id}\r\n\
         webhook-timestamp: {at}\r\nwebhook-signature: v1,AAAA {signature}\r\n{more}\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream.write_all(request.as_bytes()).expect("posted");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

/// A webhook that listens, and its address.
pub fn listening(args: &[&str], secret: &str) -> (Subscriber, String) {
    let inbox = Subscriber::start("webhook.py", &[&["--listen", "127.0.0.1:0"], args].concat(), secret);
    let said = inbox.says("listens on http://");
    let address = said.rsplit("http://").next().map(|rest| rest.trim_end_matches('/').to_owned());
    (inbox, address.expect("an address"))
}

#[test]
fn a_webhook_takes_what_is_signed_and_nothing_else() {
    let both = format!("{SECRET} {RENEWED}");
    let (mut inbox, address) = listening(&["--count", "2"], &both);
    let now = Timestamp::now().as_second();
    let body = alert("lane", 1, OUTBOX).to_string();
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(post(&address, &body, stranger, now, ""), 401);
    assert_eq!(post(&address, &body, SECRET, now - 600, ""), 401, "what was recorded is not taken later");
    assert_eq!(post(&address, &body, SECRET, now + 600, ""), 401);
    assert_eq!(post(&address, "{}", SECRET, now, ""), 400);
    assert_eq!(post(&address, &" ".repeat(70_000), SECRET, now, ""), 413);
    assert_eq!(post(&address, &body, SECRET, now, ""), 204);
    assert_eq!(post(&address, &body, RENEWED, now, ""), 204, "a repeat is taken, and dropped");
    assert_eq!(post(&address, &alert("lane", 2, OUTBOX).to_string(), RENEWED, now, ""), 204);
    assert_eq!(sequences(&inbox.alerts(2)), [1, 2]);
    assert_eq!(inbox.end(), (Some(0), vec![]));
}

#[test]
fn each_subscriber_says_how_it_is_used() {
    for name in ["file.py", "webhook.py"] {
        let mut help = Subscriber::start(name, &["--help"], "");
        let (code, printed) = help.end();
        assert_eq!(code, Some(0));
        for key in ["--state", "--count", "--ask-after"] {
            assert!(printed.iter().any(|line| line.contains(key)), "{name}: {printed:?}");
        }
    }
}
