//! Evidence is put elsewhere: below an address, into a bucket of S3, and at somebody who lies. A real program makes it.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    certificates::{Authority, Holds},
    hostile::{Hostile, Mode},
    process::{Process, cache, free_port},
    receiver::{Receiver, Reply, Request},
    scenes,
    service::{PATIENCE, Site, wait_for},
};

const RULE: &str = "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"2s\"\n\
                    every = \"0.2s\"\n";
const ROLLS: &str = "[evidence]\npre_roll = \"1s\"\npost_roll = \"1s\"\n";

/// A box with one camera, whose evidence goes as `more` says.
fn site(more: &str) -> (Site, Hostile) {
    let site = Site::new();
    let film = scenes::raw(site.folder());
    let camera = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let site = site.seeing_always().with(&format!("{ROLLS}{more}")).camera("lane", &camera.source(), RULE);
    (site, camera)
}

/// How many files are still to be put.
fn left(site: &Site) -> Option<i64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(site.path("state/firewarden.db"), flags).ok()?;
    let files: i64 = database.query_row("SELECT count(*) FROM evidence", [], |row| row.get(0)).ok()?;
    // Two stills and the clip.
    let waits = database.query_row("SELECT count(*) FROM uploads", [], |row| row.get(0)).ok()?;
    (files >= 3).then_some(waits)
}

/// Waits until clip and stills are told, and gives all files that alerts name, each once: stills are told before the clip or with it.
fn files(site: &Site) -> Vec<Value> {
    wait_for("a clip and stills are told", PATIENCE, || {
        let mut files = BTreeMap::new();
        for alert in site.alerts() {
            for file in alert["data"]["evidence"].as_array().into_iter().flatten() {
                files.insert(file["name"].to_string(), file.clone());
            }
        }
        let has_clip = files.values().any(|file| file["role"] == "clip");
        (has_clip && files.len() >= 3).then(|| files.into_values().collect())
    })
}

/// What lies elsewhere, by its path.
type Store = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A server that stores what is put. It tells hashes where `tells` is set.
fn stores(receiver: &Receiver, store: &Store, tells: bool) {
    let store = Arc::clone(store);
    receiver.answers(move |request: &Request| {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        let there = store.get(&request.path).cloned();
        match (request.method.as_str(), there) {
            ("PUT", Some(_)) if !request.header("if-none-match").is_empty() => Reply::status(412),
            ("PUT", _) => {
                store.insert(request.path.clone(), request.body.clone());
                Reply::status(201)
            }
            ("GET" | "HEAD", Some(bytes)) => {
                let digest =
                    format!("repr-digest: sha-256=:{}:\r\n", STANDARD.encode(Sha256::digest(&bytes)));
                Reply::Status(200, if tells { digest } else { String::new() }, bytes)
            }
            _ => Reply::status(404),
        }
    });
}

/// Every file that alerts name lies where its `url` says, as its hash says.
fn assert_there(files: &[Value], base: &str, read: impl Fn(&str) -> Option<Vec<u8>>) {
    assert!(files.len() >= 3, "stills and a clip: {files:?}");
    for file in files {
        let url = file["url"].as_str().unwrap_or_else(|| panic!("it names where it is put: {file}"));
        let path = url.strip_prefix(base).unwrap_or_else(|| panic!("{url} lies below {base}"));
        let bytes = read(path).unwrap_or_else(|| panic!("{url} is not there"));
        assert_eq!(file["sha256"], format!("{:x}", Sha256::digest(&bytes)), "{url}");
        assert_eq!(file["bytes"], bytes.len(), "{url}");
    }
}

/// A plain server, which is away at first, then breaks off, then takes all.
pub fn plain() {
    let receiver = Receiver::start(None);
    let base = format!("http://127.0.0.1:{}", receiver.port());
    receiver.set_away(true);
    let (site, _camera) =
        site(&format!("upload = \"http://box:s3cret-of-put@127.0.0.1:{}/site\"\n", receiver.port()));
    let service = site.start();
    let files = files(&site);
    receiver.set_away(false);
    receiver.answers(|_| Reply::HangUp);
    wait_for("it is tried", PATIENCE, || {
        receiver.seen().iter().any(|request| request.method == "PUT").then_some(())
    });
    let store = Store::default();
    stores(&receiver, &store, true);
    wait_for("all is put", PATIENCE, || (left(&site) == Some(0)).then_some(()));
    let read = |path: &str| store.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    assert_there(&files, &base, read);
    assert!(receiver.seen().iter().all(|request| request.header("authorization").starts_with("Basic ")));
    assert_eq!(service.end().code(), Some(143));
    assert!(!site.log().contains("s3cret-of-put"), "{}", site.story());
    assert!(site.alerts().iter().all(|alert| !alert.to_string().contains("s3cret-of-put")));
}

/// By TLS: nothing is put at a server whose certificate holds no more, or for which strangers vouch.
pub fn tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, stranger) = (Authority::new("Those who vouch"), Authority::new("Strangers"));
    let ca = folder.path().join("ca.pem");
    authority.write(&ca);
    let receiver = Receiver::start(Some(&authority.issue(folder.path(), "once", Holds::Once)));
    let store = Store::default();
    stores(&receiver, &store, true);
    let base = format!("https://127.0.0.1:{}", receiver.port());
    let (site, _camera) = site(&format!("upload = \"{base}\"\nupload_ca = \"{}\"\n", ca.display()));
    let service = site.start();
    let files = files(&site);
    site.says("its certificate expired");
    // A restart loses nothing of what is to be put, and says again what is wrong.
    assert_eq!(service.end().code(), Some(143));
    receiver.certify(&stranger.issue(folder.path(), "strange", Holds::Now));
    let service = site.start();
    site.says("vouches for its certificate: name the right one in `upload_ca`");
    assert!(receiver.seen().is_empty(), "nothing is told to strangers");
    receiver.certify(&authority.issue(folder.path(), "good", Holds::Now));
    wait_for("all is put", PATIENCE, || (left(&site) == Some(0)).then_some(()));
    let read = |path: &str| store.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    assert_there(&files, &base, read);
    assert_eq!(service.end().code(), Some(143));
}

/// A server that says it has stored what it has not: it is found out, said, and asked until it is honest.
pub fn lies() {
    let receiver = Receiver::start(None);
    let base = format!("http://127.0.0.1:{}", receiver.port());
    let (site, _camera) = site(&format!("upload = \"{base}\"\n"));
    receiver.answers(|request| match request.method.as_str() {
        "PUT" => Reply::status(201),
        _ => Reply::Status(200, String::new(), b"something else".to_vec()),
    });
    let service = site.start();
    let files = files(&site);
    site.says("other bytes");
    assert!(left(&site).is_some_and(|left| left > 0), "what is not there counts as not there");
    let store = Store::default();
    stores(&receiver, &store, false);
    wait_for("all is put", PATIENCE, || (left(&site) == Some(0)).then_some(()));
    let read = |path: &str| store.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    assert_there(&files, &base, read);
    assert_eq!(service.end().code(), Some(143));
}

fn moto() -> PathBuf {
    cache().join("moto/moto-server")
}

/// Whether this machine has the S3 server.
pub fn moto_is_here() -> bool {
    moto().is_file() && crate::process::found("setpriv").is_some()
}

/// A bucket of an S3 server, which nobody has made at first.
pub fn s3() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut server =
        Process::start(&moto(), &["-H", "127.0.0.1", "-p", &port.to_string()], &folder.path().join("log"));
    server.listens(port);
    let (site, _camera) = site(&format!(
        "upload = \"http://127.0.0.1:{port}/sites/test\"\n\
         s3 = {{ bucket = \"evidence\", access_key = \"AKIATEST\", secret_key = \"s3cret-of-s3\" }}\n"
    ));
    let service = site.start();
    let files = files(&site);
    site.says("NoSuchBucket");
    python(port, "s3.create_bucket(Bucket='evidence')");
    wait_for("all is put", PATIENCE, || (left(&site) == Some(0)).then_some(()));
    let base = format!("http://127.0.0.1:{port}/evidence/");
    assert_there(&files, &base, |key| {
        let key = key.replace('\'', "");
        let to = folder.path().join("object");
        python(port, &format!("s3.download_file('evidence', '{key}', '{}')", to.display()));
        fs::read(to).ok()
    });
    assert_eq!(service.end().code(), Some(143));
    assert!(!site.log().contains("s3cret-of-s3"), "{}", site.story());
}

/// Somebody else's client of S3.
fn python(port: u16, does: &str) {
    let script = format!(
        "import boto3\ns3 = boto3.client('s3', endpoint_url='http://127.0.0.1:{port}', region_name='us-east-1', \
         aws_access_key_id='AKIATEST', aws_secret_access_key='s3cret-of-s3')\n{does}\n"
    );
    let done = Command::new(cache().join("moto/moto-python")).args(["-c", &script]).output().expect("Python");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
