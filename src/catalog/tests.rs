use std::{
    ffi::OsString,
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use crate::domain::Class;

const GOOD: &[u8] = b"a model, or so it says";
const BAD: &[u8] = b"something else of size";

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

fn source(place: Place) -> Source {
    Source { place, sha256: hash(GOOD), bytes: GOOD.len() as u64 }
}

fn mirrored() -> Source {
    source(Place::Mirror("models/m.onnx".into()))
}

fn item(sources: Vec<Source>) -> Item {
    let text = |text: &str| text.to_owned();
    Item {
        shelf: Shelf::Model,
        name: text("m"),
        title: text("A model"),
        origin: text("https://example.org"),
        licence: text("Apache-2.0"),
        file: text("m.onnx"),
        sources,
    }
}

/// A store with an empty cache, and a mirror that holds `content` as `models/m.onnx`.
fn store(content: Option<&[u8]>) -> (TempDir, Store) {
    let root = tempfile::tempdir().unwrap();
    let mirror = root.path().join("mirror");
    fs::create_dir_all(mirror.join("models")).unwrap();
    if let Some(content) = content {
        fs::write(mirror.join("models/m.onnx"), content).unwrap();
    }
    let store = Store { cache: root.path().join("cache"), mirror: Some(mirror) };
    (root, store)
}

/// Names of everything in the cache's folder of models, the hidden included.
fn kept(store: &Store) -> Vec<String> {
    let folder = store.cache.join("models");
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Answers one request with these bytes and closes; returns the address to ask.
fn server(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/m.onnx", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && peer.read(&mut byte).unwrap() == 1 {
            request.push(byte[0]);
        }
        let _ = peer.write_all(&answer);
    });
    address
}

fn ok(length: usize, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").as_bytes(), body]
        .concat()
}

fn reasons(error: CatalogError) -> Vec<String> {
    match error {
        CatalogError::Unavailable { attempts, .. } => attempts.into_iter().map(|a| a.reason).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn the_built_in_lists_are_sound() {
    let catalog = Catalog::load().unwrap();
    assert_eq!(catalog.default_model(), "firewarden-nano");
    let yolox = catalog.model("yolox-nano").unwrap();
    assert_eq!((yolox.head.as_str(), yolox.class_count), ("yolox", 80));
    let expected = [
        (0, Class::Person),
        (1, Class::Bicycle),
        (2, Class::Car),
        (3, Class::Ebike),
        (5, Class::Bus),
        (7, Class::Truck),
    ];
    assert_eq!(yolox.classes, expected.into());
    assert_eq!(catalog.model("nanodet-plus-m").unwrap().head, "nanodet-plus");
    for source in &yolox.item.sources {
        assert_eq!(catalog.model_by_sha256(&source.sha256).unwrap().item.name, "yolox-nano");
    }
    assert!(catalog.model_by_sha256(&hash(GOOD)).is_none());
    // In the order in which they are asked, whatever the order in the list.
    let places = &catalog.clip("vtest").unwrap().item.sources;
    assert!(matches!(
        places.as_slice(),
        [
            Source { place: Place::Mirror(_), .. },
            Source { place: Place::Url(_), .. },
            Source { place: Place::Debian { .. }, .. }
        ]
    ));
}

/// Without a mirror and without a network: the project's own models are part of the program.
#[test]
fn the_projects_own_models_need_nothing_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store { cache: folder.path().to_owned(), mirror: None };
    let catalog = Catalog::load().unwrap();
    for name in ["firewarden-nano", "firewarden-lift"] {
        let entry = catalog.model(name).unwrap();
        assert_eq!(store.check(entry).unwrap(), Presence::Absent);
        let fetched = store.fetch(entry, |_| ()).unwrap();
        assert!(fetched.from.unwrap().contains("the program itself"));
        assert_eq!(entry.classes.len(), Class::ALL.len(), "{name} tells all classes");
        let bytes = std::fs::metadata(&fetched.path).unwrap().len();
        let most = if name == "firewarden-nano" { 8_000_000 } else { 16_000_000 };
        assert!(bytes <= most, "{name}: {bytes} bytes");
    }
}

#[test]
fn an_unknown_name_is_told_the_nearest_one() {
    let catalog = Catalog::load().unwrap();
    let message = catalog.model("yolo-nano").unwrap_err().to_string();
    assert!(
        message.contains("did you mean \"yolox-nano\"?") && message.contains("nanodet-plus-m"),
        "{message}"
    );
    let message = catalog.clip("zzz").unwrap_err().to_string();
    assert!(!message.contains("did you mean") && message.contains("vtest"), "{message}");
}

#[test]
fn a_list_that_contradicts_itself_is_refused_by_name() {
    let list = |more: &str, sha: &str, classes: &str| {
        format!(
            "default = \"m\"\n[[model]]\nname = \"m\"\ntitle = \"t\"\norigin = \"o\"\nlicence = \"MIT\"\nfile = \"m.onnx\"\n\
             head = \"yolox\"\ninput = {{ width = 8, height = 8 }}\nclass_count = 2\nclasses = {classes}\n\
             [[model.source]]\n{more}\nsha256 = \"{sha}\"\nbytes = 1\n"
        )
    };
    let (sha, classes) = (hash(GOOD), "{ person = [0] }");
    let read = |text: &str| Catalog::parse(text, "footage = []").map_err(|e| e.to_string());
    assert!(read(&list("mirror = \"a\"", &sha, classes)).is_ok());
    for (text, part) in [
        (list("", &sha, classes), "one of built_in, mirror, url, debian"),
        (list("mirror = \"../a\"", &sha, classes), "leaves the mirror"),
        (list("url = \"http://a\"", &sha, classes), "not https"),
        (list("mirror = \"a\"", "AB", classes), "no SHA-256"),
        (list("mirror = \"a\"", &sha, "{ person = [2] }"), "output 2"),
        (list("mirror = \"a\"", &sha, "{ person = [0], car = [0] }"), "output 0 is both"),
        (list("mirror = \"a\"", &sha, "{ tram = [0] }"), "tram"),
        (list("mirror = \"a\"", &sha, "{ person = [0] }\nsecond_look = \"ebike\""), "second look at ebike"),
        (list("mirror = \"a\"", &sha, classes).replace("m.onnx", "../m.onnx"), "plain file name"),
        (list("mirror = \"a\"", &sha, classes).replace("default = \"m\"", "default = \"n\""), "default"),
        (list("mirror = \"a\"", &sha, classes).replace("title", "titel"), "titel"),
    ] {
        let message = read(&text).unwrap_err();
        assert!(message.starts_with("models/catalog.toml: ") && message.contains(part), "{part}: {message}");
    }
}

#[test]
fn the_environment_says_where_things_are() {
    let from = |vars: &[(&str, &str)]| {
        Store::from_vars(|name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        })
    };
    let all = [("FIREWARDEN_CACHE", "/c"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")];
    let cache = |vars| from(vars).unwrap().cache;
    assert_eq!(cache(&all[..]), Path::new("/c"));
    assert_eq!(cache(&all[1..]), Path::new("/x/firewarden"));
    assert_eq!(cache(&all[2..]), Path::new("/h/.cache/firewarden"));
    assert!(matches!(from(&[("HOME", "")]), Err(CatalogError::NoCache)));

    let mirror = |vars| from(vars).unwrap().mirror;
    assert_eq!(mirror(&all[..]), None, "nothing is taken from where nobody said");
    assert_eq!(mirror(&[("HOME", "/h"), ("FIREWARDEN_MIRROR", "/m")]).as_deref(), Some(Path::new("/m")));
    assert_eq!(mirror(&[("HOME", "/h"), ("FIREWARDEN_MIRROR", "")]), None);
}

#[test]
fn a_mirrors_file_is_copied_once_and_then_used() {
    let (_root, store) = store(Some(GOOD));
    let item = item(vec![mirrored()]);
    let first = store.fetch(&item, |_| ()).unwrap();
    assert!(first.from.unwrap().ends_with("mirror/models/m.onnx"));
    assert_eq!((fs::read(&first.path).unwrap().as_slice(), first.sha256), (GOOD, hash(GOOD)));
    assert_eq!(kept(&store), ["m.onnx"]);

    fs::remove_dir_all(store.mirror.as_ref().unwrap()).unwrap();
    assert_eq!(store.fetch(&item, |_| panic!("no source is asked")).unwrap().from, None);
}

#[test]
fn a_wrong_hash_names_both_and_leaves_nothing() {
    // The same size, longer, shorter: whatever is wrong with the mirror's file, its hash says it.
    for content in [BAD, b"a model, or so it says, and more", b"a mod"] {
        let (_root, store) = store(Some(content));
        let url = source(Place::Url("http://127.0.0.1:9/never-asked".to_owned()));
        let message = store.ensure(item(vec![mirrored(), url])).unwrap_err().to_string();
        for part in [hash(GOOD), hash(content), "mirror/models/m.onnx".to_owned()] {
            assert!(message.contains(&part), "{part} in {message}");
        }
        assert!(kept(&store).is_empty());
    }
}

#[test]
fn a_damaged_file_is_replaced_and_never_used() {
    let (_root, store) = store(Some(GOOD));
    let item = item(vec![mirrored()]);
    let path = store.ensure(&item).unwrap();
    fs::write(&path, BAD).unwrap();
    assert_eq!(store.check(&item).unwrap(), Presence::Wrong { found: hash(BAD) });
    assert_eq!(store.ensure(&item).unwrap(), path);
    assert_eq!(fs::read(&path).unwrap(), GOOD);

    fs::write(&path, BAD).unwrap();
    let alone = Store { mirror: None, ..store };
    assert!(matches!(alone.ensure(&item), Err(CatalogError::Unavailable { .. })));
    assert_eq!(alone.check(&item).unwrap(), Presence::Absent);
}

#[test]
fn each_source_has_its_own_hash() {
    let (_root, store) = store(None);
    let other = b"the same weights, exported anew".as_slice();
    let url = server(ok(other.len(), other));
    let published = Source { place: Place::Url(url.clone()), sha256: hash(other), bytes: other.len() as u64 };
    let item = item(vec![mirrored(), published]);
    let fetched = store.fetch(&item, |_| ()).unwrap();
    assert_eq!((fetched.sha256, fetched.from), (hash(other), Some(url)));
    assert_eq!(store.check(&item).unwrap(), Presence::Verified { sha256: hash(other) });
}

#[test]
fn an_address_with_another_file_names_both_hashes() {
    let (_root, store) = store(None);
    let url = server(ok(BAD.len(), BAD));
    let message = store.ensure(item(vec![source(Place::Url(url.clone()))])).unwrap_err().to_string();
    for part in [hash(GOOD), hash(BAD), url] {
        assert!(message.contains(&part), "{part} in {message}");
    }
    assert!(kept(&store).is_empty());
}

#[test]
fn what_an_address_does_wrong_is_told() {
    let endless = ok(1_000_000_000, &vec![b'x'; 200_000]);
    for (answer, part) in [
        (ok(GOOD.len(), &GOOD[..5]), "broke off after 5 bytes"),
        (ok(GOOD.len() + 1, &[GOOD, b"!"].concat()), "more than the 22 bytes listed"),
        (endless, "more than the 22 bytes listed"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(), "HTTP 404"),
        (b"who is there?\r\n\r\n".to_vec(), ""),
        (Vec::new(), ""),
    ] {
        let (_root, store) = store(None);
        let error = store.ensure(item(vec![source(Place::Url(server(answer)))])).unwrap_err();
        let reasons = reasons(error);
        assert!(reasons.len() == 1 && reasons[0].contains(part), "{part}: {reasons:?}");
        assert!(kept(&store).is_empty());
    }
}

#[test]
fn where_no_source_works_each_is_listed_with_its_reason() {
    let (_root, store) = store(None);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = source(Place::Url(format!("http://{gone}/m.onnx")));
    let mut asked = 0;
    let error = store.fetch(item(vec![mirrored(), url]), |_| asked += 1).unwrap_err();
    let message = error.to_string();
    assert_eq!(asked, 2);
    assert!(message.contains("mirror/models/m.onnx: no such file"), "{message}");
    assert!(message.contains(&format!("http://{gone}/m.onnx: ")), "{message}");
    assert!(message.contains(&store.path(item(vec![])).display().to_string()), "{message}");
    assert!(kept(&store).is_empty());
}

#[test]
fn a_store_that_cannot_be_written_is_named() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("cache"), "a file where the folder should be").unwrap();
    let store = Store { cache: root.path().join("cache"), mirror: None };
    let error = store.ensure(item(vec![mirrored()])).unwrap_err();
    assert!(matches!(error, CatalogError::Cache { .. }), "{error}");
    assert!(error.to_string().contains("FIREWARDEN_CACHE"), "{error}");
}

#[test]
fn a_file_is_taken_out_of_a_debian_package() {
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    fs::create_dir_all(tree.join("DEBIAN")).unwrap();
    fs::create_dir_all(tree.join("usr/share")).unwrap();
    let control =
        "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: p\n";
    fs::write(tree.join("DEBIAN/control"), control).unwrap();
    fs::write(tree.join("usr/share/clip.avi"), GOOD).unwrap();
    let archive = root.path().join("p.deb");
    let built = Command::new("dpkg-deb").arg("--build").arg(&tree).arg(&archive).output().unwrap();
    assert!(built.status.success());

    let mut copy = Vec::new();
    let sha256 = debian::from_archive(&archive, "usr/share/clip.avi", 22, &mut copy).unwrap();
    assert_eq!((sha256, copy.as_slice()), (hash(GOOD), GOOD));
    for (inside, bytes, part) in [
        ("usr/share/other.avi", 22, "no file usr/share/other.avi"),
        ("usr/share/clip.avi", 21, "more than the 21"),
    ] {
        match debian::from_archive(&archive, inside, bytes, &mut Vec::new()) {
            Err(fetch::Failure::Source(reason)) => assert!(reason.contains(part), "{reason}"),
            other => panic!("{inside}: {other:?}"),
        }
    }
}
