use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{writing::numbered, *};
use crate::config::ByteSize;

fn sink(path: &Path, rotate: u64, files: u32) -> Writing {
    Writing::new(AlertFile { path: path.to_owned(), rotate: ByteSize(rotate), files })
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn alerts_are_lines_and_the_file_is_not_for_everybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("below/alerts.jsonl");
    let mut sink = sink(&path, 1_000_000, 8);
    sink.write(["{\"a\":1}", "{\"b\":2}"].into_iter()).expect("written");
    sink.write(["{\"c\":3}"].into_iter()).expect("written");
    assert_eq!(read(&path), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o137, 0, "0640 at most");
}

#[test]
fn a_line_that_broke_off_is_ended_and_nothing_is_taken_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    fs::write(&path, "{\"a\":1}\n{\"b\":").expect("written");
    sink(&path, 1_000_000, 8).write(["{\"b\":2}"].into_iter()).expect("written");
    assert_eq!(read(&path), "{\"a\":1}\n{\"b\":\n{\"b\":2}\n");
}

#[test]
fn another_file_is_begun_before_one_is_too_large_and_the_oldest_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let mut sink = sink(&path, 25, 3);
    let alerts: Vec<String> = (0..10).map(|n| format!("{{\"number\":{n}}}")).collect();
    for some in alerts.chunks(3) {
        sink.write(some.iter().map(String::as_str)).expect("written");
    }
    // Each line has 13 bytes, so that each file has one.
    assert_eq!(read(&path), "{\"number\":9}\n");
    assert_eq!(read(&numbered(&path, 1)), "{\"number\":8}\n");
    assert_eq!(read(&numbered(&path, 2)), "{\"number\":7}\n");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3);
}

#[test]
fn of_one_file_nothing_older_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let mut sink = sink(&path, 10, 1);
    for alert in ["{\"number\":1}", "{\"number\":2}"] {
        sink.write([alert].into_iter()).expect("an alert longer than a file may be has one of its own");
        assert_eq!(read(&path), format!("{alert}\n"));
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_file_that_somebody_moved_is_begun_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    let mut sink = sink(&path, 1_000_000, 8);
    sink.write(["1"].into_iter()).expect("written");
    fs::rename(&path, folder.path().join("moved")).expect("moved");
    sink.write(["2"].into_iter()).expect("written");
    assert_eq!(read(&path), "2\n");
    fs::remove_file(&path).expect("removed");
    sink.write(["3"].into_iter()).expect("written");
    assert_eq!(read(&path), "3\n");
}

#[test]
fn what_cannot_be_written_is_told_with_its_path_and_can_be_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    fs::create_dir(&path).expect("a folder in its place");
    let mut sink = sink(&path, 1_000_000, 8);
    let error = sink.write(["1"].into_iter()).expect_err("it is a folder");
    assert!(error.to_string().contains("alerts.jsonl"), "{error}");
    fs::remove_dir(&path).expect("removed");
    sink.write(["1"].into_iter()).expect("written");
    assert_eq!(read(&path), "1\n");
}

#[test]
fn a_device_is_refused() {
    let mut sink = sink(Path::new("/dev/full"), 1_000_000, 8);
    let error = sink.write(["1"].into_iter()).expect_err("a device");
    assert!(error.to_string().contains("a device"), "{error}");
}

#[test]
fn what_comes_behind_one_that_was_refused_waits_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("alerts.jsonl");
    fs::create_dir(&path).expect("a folder in its place");
    let settings = AlertFile { path: path.clone(), rotate: ByteSize(1_000_000), files: 8 };
    let sink = FileSink::new(settings);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let give = |camera: &str, sequence: u64| {
        let alert = Queued {
            outbox: uuid::Uuid::nil().into(),
            sequence,
            id: uuid::Uuid::nil(),
            alert_type: "firewarden.camera.offline".to_owned(),
            camera: CameraId::new(camera).expect("an id"),
            body: format!("{camera} {sequence}"),
        };
        runtime.block_on(sink.deliver(&alert)).is_ok()
    };
    assert!(!give("a", 1));
    fs::remove_dir(&path).expect("removed");
    // It was given before anybody knew that the first was refused.
    assert!(!give("a", 2), "it would come before the first");
    assert!(give("b", 3), "another camera does not wait");
    assert!(give("a", 1) && give("a", 2));
    assert_eq!(read(&path), "b 3\na 1\na 2\n");
}

#[test]
fn what_holds_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("site.toml");
    for text in ["[site]\nid = \"s\"\n", "SQLite format 3\0", "s3cret"] {
        fs::write(&path, text).expect("written");
        let refused = sink(&path, 1_000_000, 8).write(["{}"].into_iter()).expect_err("it is none of alerts");
        assert!(refused.to_string().contains("something else than alerts"), "{refused}");
        assert_eq!(read(&path), text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_is_told_with_a_sign_of_life() {
    let folder = tempfile::tempdir().expect("a folder");
    let beat = Beat { id: uuid::Uuid::nil(), body: String::new() };
    let of = |path: &Path| {
        FileSink::new(AlertFile { path: path.to_owned(), rotate: ByteSize(1_000_000), files: 8 })
    };
    let refused = of(folder.path()).heartbeat(&beat).await.expect_err("a folder");
    assert!(refused.to_string().contains("cannot be written"), "{refused}");
    let path = folder.path().join("alerts.jsonl");
    assert_eq!(of(&path).heartbeat(&beat).await, Ok(()));
    assert_eq!(read(&path), "", "nothing is written");
}
