//! What is posted to a real server on loopback, and what its answers lead to.

mod answers;
mod secure;
mod server;

use std::{path::Path, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;
use server::{Request, Server, reply};
use standardwebhooks::Webhook as Verifier;
use uuid::Uuid;

use super::*;
use crate::{
    config::Secret,
    deliver::Requests,
    domain::{CameraId, SinkName, SiteId},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
/// Nobody has to wait longer than this for a server that says nothing.
const PATIENCE: Duration = Duration::from_secs(1);

fn about() -> About {
    let name = SinkName::new("platform").expect("a name");
    About {
        requests: Requests::unheard(name.clone()),
        name,
        site: SiteId::new("lf-027").expect("an id"),
        site_name: "鸿坤理想城".to_owned(),
        box_id: "lf-027-a".to_owned(),
        zone: TimeZone::UTC,
        evidence: "evidence".into(),
    }
}

fn settings(url: &str, secrets: &[&str], ca: Option<&Path>) -> Webhook {
    let settings = json!({ "url": url, "secrets": secrets, "ca": ca });
    // A secret is read as a text of its own.
    let secrets = secrets.iter().map(|secret| Secret::from(*secret)).collect();
    let read: Webhook = serde_json::from_str(&settings.to_string()).expect("settings");
    Webhook { secrets, ..read }
}

/// A sink that posts to this path of a server.
fn sink(server: &Server, path: &str) -> WebhookSink {
    WebhookSink::new(settings(&format!("http://{}{path}", server.at), &[SECRET], None), about())
}

fn hurried(server: &Server) -> WebhookSink {
    let settings = settings(&format!("http://{}/alerts", server.at), &[SECRET], None);
    WebhookSink::hurried(settings, about(), PATIENCE)
}

fn alert(number: u64) -> Queued {
    let id = Uuid::from_u128(number.into());
    Queued {
        outbox: Uuid::from_u128(7).into(),
        sequence: number,
        id,
        alert_type: "firewarden.violation.raised".to_owned(),
        camera: CameraId::new("lane-3").expect("an id"),
        body: json!({ "id": id, "data": { "camera_name": "1号楼东侧消防车道" } }).to_string(),
    }
}

fn headers(request: &Request) -> ureq::http::HeaderMap {
    let headers = request.headers.iter().map(|(name, value)| {
        let name: header::HeaderName = name.parse().expect("a name");
        (name, value.parse().expect("a value"))
    });
    headers.collect()
}

#[tokio::test]
async fn an_alert_is_posted_signed_by_every_secret() {
    let server = Server::start(|_, _| reply(204, "", ""));
    let url = format!("http://{}/alerts?site=lf-027", server.at);
    let sink = WebhookSink::new(settings(&url, &[SECRET, OTHER], None), about());
    let before = Timestamp::now().as_second();
    sink.deliver(&alert(41)).await.expect("delivered");
    let seen = server.seen();
    let [request] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(request.line, "POST /alerts?site=lf-027 HTTP/1.1");
    assert_eq!(request.body, alert(41).body);
    assert_eq!(request.headers["content-type"], "application/cloudevents+json; charset=utf-8");
    assert_eq!(request.headers["webhook-id"], alert(41).id.to_string());
    let sent: i64 = request.headers["webhook-timestamp"].parse().expect("seconds");
    assert!((before..=Timestamp::now().as_second()).contains(&sent), "{sent}");
    assert_eq!(request.headers["webhook-signature"].split(' ').count(), 2);
    for secret in [SECRET, OTHER] {
        let verifier = Verifier::new(secret).expect("a secret");
        verifier.verify(request.body.as_bytes(), &headers(request)).expect("signed");
    }
    let stranger = Verifier::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a secret");
    assert!(stranger.verify(request.body.as_bytes(), &headers(request)).is_err());
}

#[tokio::test]
async fn a_heartbeat_and_a_test_are_posted_as_an_alert_is() {
    let server = Server::start(|_, _| reply(200, "", "ok"));
    let sink = sink(&server, "/alerts");
    let beat = Beat { id: Uuid::from_u128(9), body: "{\"type\":\"firewarden.box.heartbeat\"}".to_owned() };
    sink.heartbeat(&beat).await.expect("delivered");
    sink.test(&beat).await.expect("delivered");
    for request in server.seen() {
        assert_eq!((&request.body, &request.headers["webhook-id"]), (&beat.body, &beat.id.to_string()));
        let verifier = Verifier::new(SECRET).expect("a secret");
        verifier.verify(request.body.as_bytes(), &headers(&request)).expect("signed");
    }
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn without_a_secret_that_can_be_used_nothing_is_posted() {
    let server = Server::start(|_, _| reply(200, "", ""));
    let url = format!("http://{}/", server.at);
    let sink = WebhookSink::new(settings(&url, &["whsec_s3cret%"], None), about());
    let refusal = sink.deliver(&alert(1)).await.expect_err("no signature");
    assert!(
        matches!(&refusal, Refusal::Transient { why, .. } if why.contains("secrets") && !why.contains("s3cret"))
    );
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn who_posts_is_told_where_the_address_says_it() {
    let server = Server::start(|_, _| reply(200, "", ""));
    let url = format!("http://viewer:p%40ss@{}/alerts", server.at);
    let sink = WebhookSink::new(settings(&url, &[SECRET], None), about());
    sink.deliver(&alert(1)).await.expect("delivered");
    assert_eq!(server.seen()[0].headers["authorization"], "Basic dmlld2VyOnBAc3M=");
}

#[tokio::test]
async fn one_connection_serves_one_alert_after_the_other() {
    let server = Server::start(|_, _| reply(200, "", "{}"));
    let sink = sink(&server, "/");
    for number in 0..3 {
        sink.deliver(&alert(number)).await.expect("delivered");
    }
    let connections: Vec<usize> = server.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0]);
}

/// The server closes the connection in the very moment in which it is used again.
#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    let server = Server::start(|number, _| match number {
        1 => server::Reply::Last(Vec::new()),
        _ => reply(200, "", ""),
    });
    let sink = sink(&server, "/");
    sink.deliver(&alert(1)).await.expect("delivered");
    sink.deliver(&alert(2)).await.expect("delivered by another connection");
    let seen: Vec<_> = server
        .seen()
        .iter()
        .map(|request| (request.connection, request.headers["webhook-id"].clone()))
        .collect();
    let [one, two] = [1, 2].map(|number| alert(number).id.to_string());
    assert_eq!(seen, [(0, one), (0, two.clone()), (1, two)]);
}

#[tokio::test]
async fn a_server_that_never_answered_is_not_asked_twice() {
    let server = Server::start(|_, _| server::Reply::Last(Vec::new()));
    let sink = sink(&server, "/");
    let refusal = sink.deliver(&alert(1)).await.expect_err("no answer");
    assert!(
        matches!(&refusal, Refusal::Transient { why, .. } if why.contains("answers nothing")),
        "{refusal}"
    );
    assert_eq!(server.seen().len(), 1);
}
