//! Certificates, good and bad.

use std::fs;

use super::{
    server::{Authority, Server, reply},
    *,
};

/// A sink that believes the authority whose certificate lies in this file.
fn sink_believing(server: &Server, ca: &Path) -> WebhookSink {
    WebhookSink::new(settings(&format!("https://{}/s3cret-path", server.at), &[SECRET], Some(ca)), about())
}

async fn refused(sink: &WebhookSink) -> String {
    match sink.deliver(&alert(1)).await.expect_err("not believed") {
        Refusal::Transient { why, .. } => {
            assert!(!why.contains("s3cret"), "{why}");
            why
        }
        refusal @ Refusal::Permanent { .. } => panic!("{refusal}"),
    }
}

#[tokio::test]
async fn a_certificate_of_the_authority_is_believed_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let (own, renewed, other) = (Authority::new("own"), Authority::new("own"), Authority::new("other"));
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, own.pem()).expect("written");
    for (authority, name, until, part) in [
        (&own, "127.0.0.1", 4000, None),
        (&other, "127.0.0.1", 4000, Some("vouches")),
        (&renewed, "127.0.0.1", 4000, Some("vouches")),
        (&own, "127.0.0.1", 2001, Some("expired at 2001-01-01T00:00:00Z")),
        (&own, "other.example", 4000, Some("another name")),
    ] {
        let server = Server::start_with(Some(authority.server(name, until)), |_, _| reply(200, "", ""));
        let sink = sink_believing(&server, &ca);
        match part {
            None => {
                sink.deliver(&alert(1)).await.expect("delivered");
                sink.deliver(&alert(2)).await.expect("delivered");
                let connections: Vec<usize> =
                    server.seen().iter().map(|request| request.connection).collect();
                assert_eq!(connections, [0, 0]);
            }
            Some(part) => {
                let why = refused(&sink).await;
                assert!(why.contains(part), "{why}");
                assert_eq!(server.seen().len(), 0, "nothing is said to it");
            }
        }
    }
}

#[tokio::test]
async fn an_authority_that_is_renewed_counts_from_the_next_try_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (Authority::new("own"), Authority::new("own"));
    let ca = folder.path().join("ca.pem");
    let server = Server::start_with(Some(new.server("127.0.0.1", 4000)), |_, _| reply(200, "", ""));
    let sink = sink_believing(&server, &ca);
    let why = refused(&sink).await;
    assert!(why.contains("`ca`") && why.contains("ca.pem"), "{why}");
    fs::write(&ca, "no certificate").expect("written");
    assert!(refused(&sink).await.contains("no certificate"));
    fs::write(&ca, old.pem()).expect("written");
    assert!(refused(&sink).await.contains("vouches"));
    fs::write(&ca, new.pem()).expect("written");
    sink.deliver(&alert(1)).await.expect("delivered");
}

#[tokio::test]
async fn a_server_without_tls_is_not_taken_for_one_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    fs::write(&ca, Authority::new("own").pem()).expect("written");
    // It waits for the end of a line of HTTP that never comes, or closes.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1_024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let sink = WebhookSink::new(settings(&format!("https://{at}/"), &[SECRET], Some(&ca)), about());
    let why = refused(&sink).await;
    assert!(why.contains("TLS"), "{why}");
}
