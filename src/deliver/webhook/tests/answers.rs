//! Answers, good, bad and odd.

use std::net::TcpListener;

use super::{
    server::{Reply, Server, reply},
    *,
};

#[tokio::test]
async fn only_a_refusal_of_the_alert_itself_is_for_good() {
    let server =
        Server::start(|number, _| reply(200 + u16::try_from(number).expect("few"), "", "no\nthanks"));
    let sink = sink(&server, "/alerts");
    for status in 200..600_u16 {
        let delivered = sink.deliver(&alert(u64::from(status))).await;
        let is_expected = match &delivered {
            Ok(()) => (200..300).contains(&status),
            Err(Refusal::Permanent { .. }) => [400, 413, 415, 422].contains(&status),
            Err(Refusal::Transient { .. }) => status >= 300 && ![400, 413, 415, 422].contains(&status),
        };
        assert!(is_expected, "{status}: {delivered:?}");
    }
    assert_eq!(server.seen().len(), 400, "one request for each alert");
}

#[tokio::test]
async fn it_is_told_when_to_come_again() {
    let server = Server::start(|_, _| reply(429, "retry-after: 7\r\n", ""));
    let refusal = sink(&server, "/").deliver(&alert(1)).await;
    let after = Some(Duration::from_secs(7));
    assert!(matches!(&refusal, Err(Refusal::Transient { after: told, .. }) if *told == after), "{refusal:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Server::start(|_, _| reply(200, "", ""));
        let location = format!("location: http://{}/s3cret-path\r\n", elsewhere.at);
        let server = Server::start(move |_, _| reply(status, &location, ""));
        let refusal = sink(&server, "/alerts").deliver(&alert(1)).await.expect_err("a redirect");
        let Refusal::Transient { why, .. } = &refusal else { panic!("{refusal:?}") };
        assert!(why.contains("redirect") && why.contains(&elsewhere.at.to_string()), "{why}");
        assert!(!why.contains("s3cret"), "{why}");
        assert_eq!((server.seen().len(), elsewhere.seen().len()), (1, 0));
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_read_to_a_bound() {
    let endless =
        |status: u16| Server::start(move |_, _| Reply::Endless(format!("HTTP/1.1 {status} Status\r\n\r\n")));
    let (fine, refusing, broken) = (endless(200), endless(422), endless(500));
    sink(&fine, "/").deliver(&alert(1)).await.expect("delivered: it says so");
    let refusal = sink(&refusing, "/").deliver(&alert(1)).await.expect_err("refused");
    assert!(matches!(&refusal, Refusal::Permanent { why } if why.chars().count() < 300), "{refusal}");
    let refusal = sink(&broken, "/").deliver(&alert(1)).await.expect_err("refused");
    assert!(matches!(&refusal, Refusal::Transient { why, .. } if why.chars().count() < 300), "{refusal}");
}

/// What the status says stands, though what was to follow does not.
#[tokio::test]
async fn a_body_that_does_not_come_changes_nothing() {
    for (status, is_taken) in [(200, true), (413, false)] {
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: 100\r\n\r\nhalf");
        for reply in [Reply::Bytes(head.clone()), Reply::Last(head.into_bytes())] {
            let server = Server::start(move |_, _| reply.clone());
            let delivered = hurried(&server).deliver(&alert(1)).await;
            match delivered {
                Ok(()) => assert!(is_taken, "{status}"),
                Err(refusal) => {
                    assert!(!is_taken && matches!(refusal, Refusal::Permanent { .. }), "{refusal}")
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_is_tried_again() {
    let large = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(5_000));
    let texts: [&[u8]; 9] = [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200",
        b"\x16\x03\x01\x00\x00",
        b"\0\xff\xff\0\r\n\r\n",
        large.as_bytes(),
        many.as_bytes(),
    ];
    for text in texts {
        let text = text.to_vec();
        let said = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
        let server = Server::start(move |_, _| Reply::Last(text.clone()));
        let refusal = hurried(&server).deliver(&alert(1)).await.expect_err(&said);
        assert!(matches!(&refusal, Refusal::Transient { why, .. } if why.len() < 300), "{said}: {refusal}");
    }
}

#[tokio::test]
async fn silence_has_an_end() {
    let server = Server::start(|_, _| Reply::Silence);
    let refusal = hurried(&server).deliver(&alert(1)).await.expect_err("silence");
    assert!(matches!(&refusal, Refusal::Transient { why, .. } if why.contains("in time")), "{refusal}");
    assert_eq!(server.seen().len(), 1, "it may have been heard: it is not said again at once");
}

#[tokio::test]
async fn nobody_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let url = format!("http://{port}/hook/s3cret-path");
    let refusal = WebhookSink::new(settings(&url, &[SECRET], None), about()).deliver(&alert(1)).await;
    let why = refusal.expect_err("nobody").to_string();
    assert!(why.contains("takes connections") && !why.contains("s3cret"), "{why}");
}

/// Servers quote what they were asked for.
#[tokio::test]
async fn what_is_secret_in_an_address_is_not_repeated() {
    let server = Server::start(|number, request| {
        let status = [400, 401, 404, 500, 302, 200][number];
        let location = format!("location: {}\r\n", request.line.split(' ').nth(1).unwrap_or_default());
        let said = format!("{}: {:?} {}", request.line, request.headers, request.body);
        reply(status, &location, &said.replace(SECRET, ""))
    });
    let url = format!("http://s3cret-user:s3cret-word@{}/hook/s3cret-path?key=s3cret%2Dkey", server.at);
    let sink = WebhookSink::new(settings(&url, &[SECRET], None), about());
    let mut told = vec![format!("{sink:?}")];
    for number in 0..6 {
        told.extend(sink.deliver(&alert(number)).await.err().map(|refusal| format!("{refusal} {refusal:?}")));
    }
    assert_eq!(told.len(), 6);
    for text in told {
        for secret in ["s3cret", "MfKQ9r8G", "/hook"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
