//! Whose certificate is believed, and what is told where none is.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::{
    MqttSink,
    fake::connack,
    testing::{about, impatient, reason, settings, unheard},
};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority(name: &str) -> Authority {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).expect("signed").pem();
    Authority { issuer: Issuer::new(params, key), pem }
}

/// A server with a certificate for this name, whose last year of validity is this. It refuses who comes with a code of MQTT.
fn server(authority: &Authority, name: &str, last_year: i32) -> SocketAddr {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(last_year, 12, 31);
    let certificate = params.signed_by(&key, &authority.issuer).expect("signed");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), Ok(tls)) = (stream, ServerConnection::new(Arc::clone(&config))) else { return };
            let mut stream = StreamOwned::new(tls, stream);
            let mut connect = [0; 16];
            if stream.read_exact(&mut connect).is_ok() {
                let _ = stream.write_all(&connack(false, 0x86, &[]));
                let _ = stream.read(&mut [0; 1_024]);
            }
        }
    });
    address
}

async fn refused(url: String, ca: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    fs::write(&path, ca).expect("written");
    let settings = crate::config::Mqtt { ca: Some(path), ..settings(url) };
    let sink = MqttSink::patient(settings, about(unheard()), impatient());
    reason(&sink).await
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told() {
    let (ours, other, namesake) = (authority("ours"), authority("other"), authority("ours"));
    for (name, last_year, believed, words) in [
        // TLS is well, and so the broker is heard.
        ("127.0.0.1", 2_090, &ours, "`username` and `password`"),
        ("127.0.0.1", 2_001, &ours, "has expired"),
        ("127.0.0.1", 2_090, &other, "write the file of the one that does as `ca`"),
        ("127.0.0.1", 2_090, &namesake, "write the file of the one that does as `ca`"),
        ("127.0.0.2", 2_090, &ours, "for another name"),
    ] {
        let address = server(&ours, name, last_year);
        let why = refused(format!("mqtts://{address}"), &believed.pem).await;
        assert!(why.contains(words), "{name} {last_year}: {why}");
    }
}

#[tokio::test]
async fn with_tls_and_without_are_told_apart() {
    let authority = authority("ours");
    let with = server(&authority, "127.0.0.1", 2_090);
    let why = refused(format!("mqtt://{with}"), &authority.pem).await;
    assert!(why.contains("mqtts:// with TLS"), "{why}");
    let without = super::fake::Fake::start(super::fake::Manner::default()).await;
    let why = refused(format!("mqtts://{}", without.address), "no certificate").await;
    assert!(why.contains("`ca` holds no certificate"), "{why}");
}
