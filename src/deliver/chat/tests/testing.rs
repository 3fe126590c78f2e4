//! What tests of robots share: a robot on loopback that answers as it is told, and alerts.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use uuid::Uuid;

use crate::{
    clock::Manual,
    deliver::{About, Beat, Requests, chat::Timing},
    domain::{CameraId, SinkName, SiteId},
    ledger::database::Queued,
};

/// Ten times and more what anything here takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// A time that no test waits for.
pub(in crate::deliver) const NEVER: Duration = Duration::from_secs(86_400);

/// Nothing goes by time: only what is urgent, as long as there are tokens.
pub(in crate::deliver) const URGENT_ONLY: Timing = Timing { window: NEVER, burst: 5, every: NEVER };

/// What a robot answers.
#[derive(Debug, Clone)]
pub(in crate::deliver) struct Reply {
    pub status: u16,
    /// Whole lines.
    pub headers: String,
    pub body: String,
}

impl Reply {
    pub fn of(body: &Value) -> Self {
        Self { status: 200, headers: String::new(), body: body.to_string() }
    }
}

/// What a robot was sent.
#[derive(Debug)]
pub(in crate::deliver) struct Heard {
    /// Path and query.
    pub target: String,
    pub body: Value,
}

impl Heard {
    /// The text, wherever a platform has it.
    pub fn text(&self) -> &str {
        let text =
            ["/text/content", "/content/text"].iter().find_map(|place| self.body.pointer(place)?.as_str());
        text.unwrap_or_else(|| panic!("a text in {}", self.body))
    }
}

/// A robot on loopback. Once it has no more replies it takes whatever comes.
pub(in crate::deliver) struct Fake {
    pub url: String,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Fake {
    pub async fn start(path: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}{path}", listener.local_addr().expect("an address"));
        let (to, heard) = mpsc::unbounded_channel();
        let replies: Arc<Mutex<VecDeque<Reply>>> = Arc::default();
        let script = Arc::clone(&replies);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (to, script) = (to.clone(), Arc::clone(&script));
                tokio::spawn(serve(stream, to, script));
            }
        });
        Self { url, replies, heard }
    }

    pub fn reply(&self, reply: Reply) {
        self.replies.lock().expect("the replies").push_back(reply);
    }

    /// The next that it is sent.
    pub async fn next(&mut self) -> Heard {
        timeout(DEADLINE, self.heard.recv()).await.expect("a message in time").expect("a robot")
    }

    /// What it was sent and nobody looked at.
    pub fn rest(&mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    to: mpsc::UnboundedSender<Heard>,
    script: Arc<Mutex<VecDeque<Reply>>>,
) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).expect("a head");
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            assert!(
                head.to_lowercase().contains("content-type: application/json"),
                "robots want JSON: {head}"
            );
            bytes.drain(..end + 4);
            break (head, length.expect("a length"));
        }
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    };
    while bytes.len() < length {
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    }
    let mut words = head.split(' ');
    assert_eq!(words.next(), Some("POST"));
    let target = words.next().expect("a target").to_owned();
    let body = serde_json::from_slice(&bytes).expect("JSON");
    let taken = json!({ "errcode": 0, "errmsg": "ok", "code": 0, "msg": "success" });
    let reply = script.lock().expect("the replies").pop_front().unwrap_or_else(|| Reply::of(&taken));
    let answer = format!(
        "HTTP/1.1 {} X\r\n{}content-length: {}\r\nconnection: close\r\n\r\n{}",
        reply.status,
        reply.headers,
        reply.body.len(),
        reply.body
    );
    let _ = to.send(Heard { target, body });
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

pub(in crate::deliver) fn about(site_name: &str, evidence: &Path) -> About {
    let name = SinkName::new("group").expect("a name");
    About {
        requests: Requests::unheard(name.clone()),
        name,
        site: SiteId::new("lf-027").expect("an id"),
        site_name: site_name.to_owned(),
        box_id: "lf-027-a".to_owned(),
        zone: TimeZone::get("Asia/Shanghai").expect("a time zone"),
        evidence: evidence.to_owned(),
    }
}

/// A clock that shows this time and stands still.
pub(in crate::deliver) fn clock(shows: &str) -> Arc<Manual> {
    Arc::new(Manual::at(shows.parse::<Timestamp>().expect("a time")))
}

pub(in crate::deliver) fn beat() -> Beat {
    Beat { id: Uuid::from_u128(1), body: "{}".to_owned() }
}

/// An alert of an e-bike in the elevator.
pub(in crate::deliver) fn ebike(sequence: u64, phase: &str) -> Queued {
    violation(sequence, "elevator-3", "3号梯", "ebike_in_elevator", phase, |_| ())
}

/// An alert of a car in the fire lane.
pub(in crate::deliver) fn car(sequence: u64, phase: &str) -> Queued {
    violation(sequence, "lane-3", "1号楼东侧消防车道", "fire_lane_parking", phase, |data| {
        data["class"] = "car".into();
    })
}

pub(in crate::deliver) fn violation(
    sequence: u64,
    camera: &str,
    camera_name: &str,
    kind: &str,
    phase: &str,
    change: impl FnOnce(&mut Value),
) -> Queued {
    let moment = |wall: &str| json!({ "media_s": 0.0, "wall": wall, "file": null, "file_s": null });
    let mut data = json!({
        "id": Uuid::from_u128(u128::from(sequence)), "site": "lf-027", "camera": camera, "camera_name": camera_name,
        "rule": format!("{camera}/{kind}"), "kind": kind, "phase": phase, "class": "ebike", "confidence": 0.79,
        "bbox": [0.1, 0.1, 0.5, 0.5], "wall_origin": "clock", "started": moment("2026-11-24T12:58:29Z"),
        "raised": moment("2026-11-24T12:58:30Z"), "ended": null, "evidence": [], "camera_labels": {},
        "model_sha256": "ab".repeat(32), "config_sha256": "cd".repeat(32),
    });
    if phase == "ended" {
        data["ended"] = moment("2026-11-24T13:05:00Z");
    }
    change(&mut data);
    queued(sequence, camera, &format!("firewarden.violation.{phase}"), data)
}

/// An alert of a camera's health.
pub(in crate::deliver) fn health(
    sequence: u64,
    alert: &str,
    camera_name: &str,
    change: impl FnOnce(&mut Value),
) -> Queued {
    let mut data = json!({
        "site": "lf-027", "camera": "lane-3", "camera_name": camera_name, "camera_labels": {},
        "since": "2026-11-24T12:58:29Z",
    });
    change(&mut data);
    queued(sequence, "lane-3", &format!("firewarden.camera.{alert}"), data)
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
fn queued(sequence: u64, camera: &str, alert_type: &str, data: Value) -> Queued {
    let (id, outbox) = (Uuid::from_u128(u128::from(sequence)), Uuid::from_u128(7));
    let body = json!({
        "specversion": "1.0", "id": id, "source": format!("/sites/lf-027/cameras/{camera}"),
        "time": "2026-11-24T12:58:30Z", "datacontenttype": "application/json", "outboxid": outbox,
        "sequence": format!("{sequence:020}"), "type": alert_type, "data": data,
    });
    Queued {
        outbox: outbox.into(),
        sequence,
        id,
        alert_type: alert_type.to_owned(),
        camera: CameraId::new(camera).expect("an id"),
        body: body.to_string(),
    }
}
