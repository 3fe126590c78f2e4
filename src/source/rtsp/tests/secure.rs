//! Cameras that show a certificate, good and bad.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::{
    super::{Distrust, GuardError, GuardLimits, Guards, NoTls, Refusal, Wrong},
    Camera, answer, client, closes, guards, request, rest, send,
};
use crate::{
    config::{Fingerprint, Live, Tls},
    domain::OfflineReason,
};

/// An authority of certificates.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// What a server shows, and the fingerprint of its certificate.
struct Shown {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "site");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn in_file(&self, folder: &Path) -> Tls {
        let file = folder.join("ca.pem");
        fs::write(&file, self.certificate.pem()).expect("written");
        Tls::Ca(file)
    }

    /// A certificate of it for this name, that ends in this year.
    fn shown(&self, name: &str, until: i32) -> Shown {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(name, until).signed_by(&key, &self.issuer).expect("a certificate");
        shown(&certificate, &key)
    }
}

fn params(name: &str, until: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    params
}

/// One that a camera has made itself, such as they come: of an authority, of another name, and expired.
fn own() -> Shown {
    let mut params = params("ipcamera", 2001);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    shown(&certificate, &key)
}

fn shown(certificate: &Certificate, key: &KeyPair) -> Shown {
    let fingerprint = Fingerprint::of(certificate.der());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    Shown { config: Arc::new(config.expect("a certificate with its key")), fingerprint }
}

/// A camera that shows this, answers one request, and tells what it was asked.
fn camera(shown: &Shown) -> Camera<String> {
    let config = Arc::clone(&shown.config);
    Camera::serving(move |stream| {
        let session = ServerConnection::new(config).expect("a session");
        let mut stream = StreamOwned::new(session, stream);
        let (mut asked, mut byte) = (Vec::new(), [0]);
        while !asked.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
            asked.push(byte[0]);
        }
        if !asked.is_empty() {
            stream.write_all(answer("200 OK", 1, "", "v=0").as_bytes()).expect("somebody who reads");
            stream.flush().expect("somebody who reads");
            // The end of the client is what it waits for.
            while matches!(stream.read(&mut byte), Ok(1)) {}
        }
        String::from_utf8(asked).expect("text")
    })
}

fn live(host: &str, tls: Option<&Tls>) -> Live {
    Live { tls: tls.cloned(), ..Live::new(format!("rtsps://user:s3cret@{host}/live/1")) }
}

/// What comes of a camera that shows this and is known by that: its answer, or why it was not asked.
fn tried(guards: &Guards, shown: &Shown, host: &str, tls: Option<&Tls>) -> Result<(), Refusal> {
    let camera = camera(shown);
    let relay = guards
        .relay(&live(&format!("{host}:{}", camera.port), tls), GuardLimits::default())
        .expect("a relay");
    let mut stream = client(&relay);
    let asked = request("DESCRIBE", 1, "Authorization: Basic x\r\n");
    send(&mut stream, &asked);
    let expected = answer("200 OK", 1, "", "v=0");
    let mut got = vec![0; expected.len()];
    if stream.read_exact(&mut got).is_ok() {
        assert_eq!((got, relay.refusal()), (expected.into_bytes(), None));
        drop(relay);
        assert_eq!(camera.told(), asked);
        return Ok(());
    }
    let refusal = relay.refusal().expect("who learns of the end asks at once");
    drop(relay);
    assert_eq!(camera.told(), "", "nothing is said to who is not believed");
    assert_eq!((refusal.reason(), refusal.waits_minutes()), (OfflineReason::Refused, false));
    assert!(!refusal.to_string().contains("s3cret"), "{refusal}");
    Err(refusal)
}

/// The fingerprint that a refusal tells one to write.
fn advised(refusal: &Refusal) -> Fingerprint {
    let words = refusal.to_string();
    let line = words.split("write tls = { fingerprint = \"").nth(1).unwrap_or_else(|| panic!("{words}"));
    let text = line.strip_suffix("\" }").unwrap_or_else(|| panic!("{words}"));
    Fingerprint::try_from(text.to_owned()).expect("a fingerprint")
}

#[test]
fn a_certificate_of_the_authority_is_believed_and_no_other() {
    let (guards, folder) = (guards(), tempfile::tempdir().expect("a folder"));
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = authority.in_file(folder.path());
    for (shown, host, wrong) in [
        (authority.shown("127.0.0.1", 4000), "127.0.0.1", None),
        (authority.shown("localhost", 4000), "localhost", None),
        (other.shown("127.0.0.1", 4000), "127.0.0.1", Some("no authority that is believed")),
        (authority.shown("127.0.0.1", 2001), "127.0.0.1", Some("valid until 2001-01-01T00:00:00Z")),
        (authority.shown("gate.example", 4000), "127.0.0.1", Some("another name")),
        (own(), "127.0.0.1", Some("")),
    ] {
        let tried = tried(&guards, &shown, host, Some(&tls));
        let Some(wrong) = wrong else {
            assert_eq!(tried, Ok(()), "{host}");
            continue;
        };
        let refusal = tried.expect_err(wrong);
        assert!(refusal.to_string().contains(wrong), "{refusal}");
        assert_eq!(advised(&refusal), shown.fingerprint);
    }
}

#[test]
fn what_is_advised_helps() {
    let guards = guards();
    let shown = own();
    // Nobody vouches for it, and the machine that tests run on may know nobody who could.
    let advised = match guards.relay(&live("h", None), GuardLimits::default()) {
        Err(GuardError::Authorities { .. }) => shown.fingerprint,
        _ => advised(&tried(&guards, &shown, "127.0.0.1", None).expect_err("nobody vouches for it")),
    };
    assert_eq!(tried(&guards, &shown, "127.0.0.1", Some(&Tls::Fingerprint(advised))), Ok(()));
    // What no certificate can be for may be dialled all the same.
    assert_eq!(tried(&guards, &shown, "127.1", Some(&Tls::Fingerprint(advised))), Ok(()));
}

#[test]
fn another_certificate_than_the_one_that_is_known_is_not_believed() {
    let (guards, folder) = (guards(), tempfile::tempdir().expect("a folder"));
    let authority = Authority::new();
    authority.in_file(folder.path());
    let (known, now) = (own(), authority.shown("127.0.0.1", 4000));
    let tls = Tls::Fingerprint(known.fingerprint);
    let refusal = tried(&guards, &now, "127.0.0.1", Some(&tls)).expect_err("another one");
    assert_eq!(refusal, Refusal::Untrusted(Distrust { wrong: Wrong::Another, shown: now.fingerprint }));
    assert_eq!(advised(&refusal), now.fingerprint);
}

#[test]
fn whoever_answers_is_believed_where_that_is_wanted() {
    let guards = guards();
    for host in ["127.0.0.1", "127.1"] {
        assert_eq!(tried(&guards, &own(), host, Some(&Tls::Insecure)), Ok(()), "{host}");
    }
}

/// What is told of a camera that does this once it is dialled for TLS.
fn without_tls(script: impl FnOnce(TcpStream) + Send + 'static, limits: GuardLimits) -> Refusal {
    let guards = guards();
    let camera = Camera::serving(script);
    let relay = guards
        .relay(&live(&format!("127.0.0.1:{}", camera.port), Some(&Tls::Insecure)), limits)
        .expect("a relay");
    let mut stream = client(&relay);
    assert!(rest(&mut stream).is_empty());
    camera.told();
    relay.refusal().expect("who learns of the end asks at once")
}

#[test]
fn who_speaks_no_tls_is_told() {
    let limits = GuardLimits::default();
    let plain = |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 1024]);
        send(&mut stream, "RTSP/1.0 400 Bad Request\r\nCSeq: 0\r\n\r\n");
        closes(&stream);
    };
    assert_eq!(without_tls(plain, limits), Refusal::NoTls(NoTls::Plain));
    let leaves = |mut stream: TcpStream| drop(stream.read(&mut [0; 1024]));
    assert_eq!(without_tls(leaves, limits), Refusal::NoTls(NoTls::Closed));
    let brief = GuardLimits { connect: Duration::from_millis(300), ..limits };
    assert_eq!(without_tls(|stream| closes(&stream), brief), Refusal::Silent);
}

#[test]
fn an_authority_that_is_not_there_is_told() {
    let guards = guards();
    let tls = Tls::Ca("/no/such/ca.pem".into());
    let error =
        guards.relay(&live("10.2.0.31", Some(&tls)), GuardLimits::default()).expect_err("no authority");
    let words = error.to_string();
    assert!(words.contains("rtsps://10.2.0.31/live/1") && words.contains("/no/such/ca.pem"), "{words}");
    assert!(!words.contains("s3cret"), "{words}");
}
