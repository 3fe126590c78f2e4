//! What tests of this sink have at hand.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    fake::{DEADLINE, Fake},
    *,
};
use crate::{
    address::Address,
    config::Secret,
    domain::{CameraId, OutboxId, SinkName, SiteId},
};

pub(super) const PASSWORD: &str = "p4ssw0rd-s3cret";
pub(super) const USER: &str = "us3r-s3cret";
pub(super) const BASE: &str = "firewarden/v1/lf-027";

pub(super) fn about(requests: super::super::Requests) -> About {
    About {
        name: SinkName::new("platform").expect("a name"),
        site: SiteId::new("lf-027").expect("an id"),
        site_name: "鸿坤理想城".to_owned(),
        box_id: "box-a".to_owned(),
        zone: jiff::tz::TimeZone::UTC,
        evidence: "evidence".into(),
        requests,
    }
}

pub(super) fn unheard() -> super::super::Requests {
    super::super::Requests::unheard(SinkName::new("platform").expect("a name"))
}

pub(super) fn settings(url: String) -> Mqtt {
    Mqtt {
        url: Address::from(url),
        username: Some(USER.to_owned()),
        password: Some(Secret::from(PASSWORD)),
        ca: None,
        client_id: "lf-027-box-a".to_owned(),
    }
}

pub(super) fn waits() -> Waits {
    let between = Duration::from_millis(100);
    Waits { connected: DEADLINE, tried: DEADLINE, turn: DEADLINE, acknowledged: DEADLINE, between }
}

pub(super) fn sink_of(fake: &Fake, waits: Waits) -> Arc<MqttSink> {
    Arc::new(MqttSink::patient(settings(format!("mqtt://{}", fake.address)), about(unheard()), waits))
}

pub(super) fn alert(number: u64) -> Queued {
    let id = Uuid::from_u128(u128::from(number));
    Queued {
        outbox: OutboxId::from(Uuid::nil()),
        sequence: number,
        id,
        alert_type: "firewarden.violation.raised".to_owned(),
        camera: CameraId::new("lane-3").expect("an id"),
        body: json!({ "id": id, "text": "消防车道" }).to_string(),
    }
}

pub(super) fn beat() -> Beat {
    Beat { id: Uuid::from_u128(99), body: "{\"beat\":1}".to_owned() }
}

pub(super) fn why(result: Result<(), Refusal>) -> String {
    match result {
        Err(Refusal::Transient { why, .. }) => why,
        other => panic!("it passes by itself: {other:?}"),
    }
}

/// These waits, but for those of a connection that does not come.
pub(super) fn impatient() -> Waits {
    Waits { connected: Duration::from_millis(100), ..waits() }
}

/// Why it does not take an alert, once that is known.
pub(super) async fn reason(sink: &MqttSink) -> String {
    let known = async {
        loop {
            let why = why(sink.deliver(&alert(1)).await);
            if !why.contains("has not answered yet") {
                return why;
            }
        }
    };
    soon(known).await
}

pub(super) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(3 * DEADLINE, what).await.expect("in time")
}

/// What is said on this thread in the meantime, of everything that can be said.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn start(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        tracing::subscriber::set_default(log.finish())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("whole").clone()).expect("a text")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
