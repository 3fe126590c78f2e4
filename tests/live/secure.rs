//! Cameras that show a certificate, and what is refused beforehand.

use std::{fs, path::Path};

use rcgen::{CertificateParams, KeyPair};

use crate::{
    common::{assert_code, command, stderr},
    scenes::{self, Codec, PARKING},
    server::{Auth, Carriage, PASSWORD, Server, USER},
    service::{PATIENCE, Site, wait_for},
};

/// A certificate that a camera has made itself, and its key, in one file.
pub fn own_certificate(folder: &Path, name: &str) -> std::path::PathBuf {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["ipcamera".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate");
    let file = folder.join(name);
    fs::write(&file, certificate.pem() + &key.serialize_pem()).expect("written");
    file
}

/// The line of the configuration that the log advises to write for a camera.
pub fn advised(site: &Site, camera: &str) -> String {
    site.losses_reach(camera, 1);
    let losses = site.losses(camera);
    let line = losses[0].split("write ").nth(1).and_then(|rest| rest.split_inclusive(" }").next());
    let line = line.filter(|line| line.starts_with("tls = { fingerprint = \"sha256:"));
    line.unwrap_or_else(|| panic!("{losses:?}")).to_owned()
}

pub fn rtsps() {
    let site = Site::new();
    let clip = scenes::noise(site.folder(), "lane", "320x240", Codec::H264);
    let shown = Carriage::Tls(own_certificate(site.folder(), "camera.pem"));
    let server = Server::start_with(0, Auth::Digest, true, &shown, &[("lane", &clip)]);
    let source = server.address("lane");
    assert!(source.starts_with("rtsps://"));
    let site = site.seeing_always().camera("lane", &source, PARKING);
    let service = site.start();
    let line = advised(&site, "lane");
    assert_eq!(site.connections("lane"), 0);

    // What the log says is what helps.
    let config = site.path("site.toml");
    let text = fs::read_to_string(&config).expect("written");
    fs::write(&config, text.replace("[[camera.rule]]", &format!("{line}\n[[camera.rule]]")))
        .expect("written");
    service.signal("HUP");
    site.looks_reach("lane", 8);
    wait_for("the car is told of", PATIENCE, || (!site.told("raised").is_empty()).then_some(()));
    assert_eq!(service.end().code(), Some(143));
    for secret in [PASSWORD, USER] {
        assert!(!site.log().contains(secret), "{}", site.log());
    }
}

/// `check` and `run` say the same of a configuration that cannot be in use, before anything is dialled.
pub fn refused() {
    for (source, keys, words) in [
        ("rtsp://viewer:p/w@10.2.0.31/s1", "", "%2F"),
        ("rtsp://10.2.0.31/s1", "substream = \"rtsp://10.2.0.31/s2\"\n", "a substream is not in use yet"),
        ("rtsps://10.2.0.31/s1", "transport = \"udp\"\n", "within the connection alone"),
        ("rtsps://10.2.0.31/s1", "request_host = \"camera\"\n", "only rtsp:// is read without the guard"),
        ("rtsp://10.2.0.31/s1", "tls = { insecure = true }\n", "shows no certificate"),
    ] {
        let site = Site::new().seeing_always().camera("lane", source, &(keys.to_owned() + PARKING));
        let config = site.write();
        for what in ["check", "run"] {
            let output = command().args([what, "--config"]).arg(&config).output().expect("the binary starts");
            assert_code(&output, 2);
            let said = stderr(&output);
            assert!(said.contains(words) && !said.contains("p/w"), "{what}: {said}");
        }
    }
    for (source, keys) in [
        ("rtsps://viewer:pw@10.2.0.31/s1", "tls = { insecure = true }\n"),
        ("http://10.2.0.31/live.flv", ""),
        ("https://10.2.0.31/live.flv", ""),
        ("rtsp://10.2.0.31/s1", "transport = \"udp\"\n"),
    ] {
        let site = Site::new().seeing_always().camera("lane", source, &(keys.to_owned() + PARKING));
        let output =
            command().args(["check", "--config"]).arg(site.write()).output().expect("the binary starts");
        assert_code(&output, 0);
    }
}
