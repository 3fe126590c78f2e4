//! Result folders made by hand: read again, and refused where they are not what they should be.

use std::{fs, path::Path};

use super::*;
use crate::{
    config::Config,
    domain::{CameraId, GapReason, MediaTime, Notice, Noticed, Phase, Record, Violation},
    judge::Judgement,
    ledger::{Fact, Ledger, Step},
    rules::Presence,
};

fn config(source: &str) -> Config {
    let keys = format!(
        "[site]\nid = \"s\"\ntimezone = \"Asia/Shanghai\"\n[[camera]]\nid = \"lane\"\nname = \"东侧\"\nsource = \"{source}\"\n\
         [[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"60s\"\n"
    );
    Config::parse(&keys, Path::new("/somewhere"), &|_| Some("hunter2".to_owned())).expect("sound")
}

fn lane() -> CameraId {
    CameraId::new("lane").expect("an id")
}

fn record(json: &str) -> Record {
    serde_json::from_str(json).expect("a record")
}

fn epoch() -> Record {
    record(
        "{\"record\":\"epoch\",\"camera\":\"lane\",\"epoch\":0,\"from\":0.0,\"wall\":\"2026-01-01T00:00:00Z\",\
         \"wall_origin\":\"file_name\",\"file\":\"a.mp4\",\"codec\":\"h264\",\"width\":320,\"height\":240}",
    )
}

fn look(at: f64) -> Record {
    record(&format!(
        "{{\"record\":\"observation\",\"camera\":\"lane\",\"epoch\":0,\"at\":{at},\"wall\":\"2026-01-01T00:00:00Z\",\
         \"looked\":[\"m\"],\"detections\":[],\"scene\":{{\"brightness\":0.5,\"contrast\":0.2,\"sharpness\":0.1}}}}"
    ))
}

fn violation(phase: &str) -> Violation {
    let moment = |s: f64| {
        format!("{{\"media_s\":{s},\"wall\":\"2026-01-01T00:00:00Z\",\"file\":\"a.mp4\",\"file_s\":{s}}}")
    };
    let raised = if phase == "warned" { "null".to_owned() } else { moment(60.0) };
    let ended = if phase == "ended" { moment(90.0) } else { "null".to_owned() };
    let text = format!(
        "{{\"id\":\"6f1c3b52-9a0e-5d27-8e61-7c05d24b93f8\",\"site\":\"s\",\"camera\":\"lane\",\"camera_name\":\"东侧\",\
         \"rule\":\"lane/fire_lane_parking\",\"kind\":\"fire_lane_parking\",\"phase\":\"{phase}\",\"class\":\"car\",\
         \"confidence\":0.5,\"bbox\":[0.1,0.1,0.2,0.2],\"wall_origin\":\"file_name\",\"started\":{},\"raised\":{raised},\
         \"ended\":{ended},\"evidence\":[]}}",
        moment(0.0),
    );
    serde_json::from_str(&text).expect("a violation")
}

/// What a camera came to that was seen for a while.
fn outcome() -> Outcome {
    let mut outcome = Outcome::default();
    outcome.take(&epoch(), &[]);
    outcome.take(&look(1.0), &[(0, Presence::Seen(2))]);
    outcome.take(&look(2.0), &[(0, Presence::Unknown)]);
    outcome.miss(GapReason::Damaged);
    let what = Noticed::More(Box::new(Noticed::Overlap(std::time::Duration::from_millis(1_500))), 3);
    outcome.notices.push(Notice { camera: lane(), file: "a.mp4".to_owned(), at: MediaTime::ZERO, what });
    outcome.failures.push(Failure { of: FailureOf::Machine, text: "the disk".to_owned() });
    outcome
}

fn summary(source: &str) -> Summary {
    let sources = vec![SourceFact { name: "a.mp4".to_owned(), bytes: Some(5), sha256: None }];
    let camera = CameraSummary { camera: lane(), outcome: outcome(), sources };
    Summary::new(config(source).resolved(), Vec::new(), vec![camera], None)
}

/// Writes a result: everything but the report.
fn result(folder: &Path, outcome: &[u8]) {
    result_with(folder, outcome, violation("ended"));
}

fn result_with(folder: &Path, outcome: &[u8], violation: Violation) {
    put_violations(folder, &[violation]).expect("written");
    put(folder, OUTCOME, outcome).expect("written");
    let mut sums = Sums::default();
    sums.hash(folder, VIOLATIONS).expect("read");
    sums.hash(folder, OUTCOME).expect("read");
    fs::create_dir(folder.join("evidence")).expect("made");
    put(folder, MANIFEST, &manifest_text(&[])).expect("written");
    sums.hash(folder, MANIFEST).expect("read");
    put(folder, SUMS, sums.text().as_bytes()).expect("written");
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn refused(folder: &Path) -> String {
    Stored::read(folder).expect_err("refused").to_string()
}

#[test]
fn what_was_written_is_read_again() {
    let folder = folder();
    let summary = summary("a.mp4");
    result(folder.path(), &summary.text());
    let stored = Stored::read(folder.path()).expect("a result");
    assert_eq!(stored.summary, summary);
    assert_eq!(stored.violations, [violation("ended")]);
    assert!(stored.run.is_none() && stored.entries.is_empty());
    let run = Run { took: std::time::Duration::from_millis(12_345), made: jiff::Timestamp::UNIX_EPOCH };
    put(folder.path(), RUN, &run.text()).expect("written");
    assert_eq!(Stored::read(folder.path()).expect("a result").run, Some(run));
}

#[test]
fn no_secret_of_the_configuration_is_in_it() {
    let text = summary("rtsp://viewer:${PASSWORD}@10.2.0.31/stream1").text();
    let text = String::from_utf8(text).expect("UTF-8");
    assert!(text.contains("10.2.0.31/stream1") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_folder_that_is_no_result_is_refused_and_told_why() {
    let empty = folder();
    assert!(refused(empty.path()).contains("is not the result of an analysis"));
    assert!(refused(&empty.path().join("nothing")).contains("is not a folder"));
    fs::write(empty.path().join("photo.jpg"), "x").expect("written");
    assert!(refused(empty.path()).contains("is not the result of an analysis"));
    fs::create_dir(empty.path().join(OBSERVATIONS)).expect("made");
    assert!(refused(empty.path()).contains("is unfinished"));

    let replayed = folder();
    put(replayed.path(), SUMS, b"").expect("written");
    assert!(refused(replayed.path()).contains("has no outcome.json"));
}

#[test]
fn a_result_that_was_changed_or_is_of_another_version_is_refused() {
    for name in [VIOLATIONS, OUTCOME, MANIFEST] {
        let folder = folder();
        result(folder.path(), &summary("a.mp4").text());
        let path = folder.path().join(name);
        let mut bytes = fs::read(&path).expect("read");
        bytes.push(b'\n');
        fs::write(&path, bytes).expect("written");
        let said = refused(folder.path());
        assert!(said.contains(name) && said.contains("was changed"), "{said}");
        fs::remove_file(&path).expect("removed");
        let said = refused(folder.path());
        let unread = if name == VIOLATIONS { "cannot be read" } else { name };
        assert!(said.contains(unread), "{said}");
    }
    for (outcome, said_of_it) in [
        (
            &b"{\"form\":2,\"firewarden\":\"9.1\",\"cameras\":7}"[..],
            "later version of Firewarden (9.1, form 2)",
        ),
        (b"{\"form\":1}", "is no outcome of an analysis: missing field"),
        (b"{\"form\":0}", "there is no form 0"),
        (b"{\"form\":-1}", "is no outcome of an analysis"),
        (b"not JSON", "is no outcome of an analysis"),
        (b"", "is no outcome of an analysis"),
    ] {
        let folder = folder();
        result(folder.path(), outcome);
        let said = refused(folder.path());
        assert!(said.contains(said_of_it), "{said}");
    }
    let folder = folder();
    result(folder.path(), &summary("a.mp4").text());
    put(folder.path(), SUMS, b"no hash\n").expect("written");
    assert!(refused(folder.path()).contains("SHA256SUMS:1:"));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let other = |change: &dyn Fn(&mut Violation)| {
        let folder = folder();
        let mut violation = violation("ended");
        change(&mut violation);
        result_with(folder.path(), &summary("a.mp4").text(), violation);
        refused(folder.path())
    };
    let said = other(&|violation| violation.camera = CameraId::new("roof").expect("an id"));
    assert!(said.contains("is of camera roof, which outcome.json does not have"), "{said}");
    for name in ["../outside.jpg", "/etc/shadow", "evidence/nobody-listed-it.jpg", "data:text/html,x"] {
        let said = other(&|violation| {
            let file =
                serde_json::json!({ "name": name, "role": "raised", "sha256": "0".repeat(64), "bytes": 1 });
            violation.evidence = vec![serde_json::from_value(file).expect("a file")];
        });
        assert!(said.contains(name) && said.contains("manifest.jsonl does not list"), "{said}");
    }
    let folder = folder();
    result(folder.path(), &Summary { cameras: Vec::new(), ..summary("a.mp4") }.text());
    assert!(refused(folder.path()).contains("other cameras than its configuration has"));
}

#[test]
fn links_are_not_followed() {
    let outside = folder();
    for name in [OUTCOME, VIOLATIONS, MANIFEST, "evidence"] {
        let folder = folder();
        result(folder.path(), &summary("a.mp4").text());
        let (path, there) = (folder.path().join(name), outside.path().join(name.replace('/', "-")));
        fs::rename(&path, &there).expect("moved");
        std::os::unix::fs::symlink(&there, &path).expect("linked");
        assert!(refused(folder.path()).contains("was changed"), "{name}");
    }
}

#[test]
fn an_account_of_the_run_that_was_changed_is_refused_and_a_pipe_is_not_waited_for() {
    let folder = folder();
    result(folder.path(), &summary("a.mp4").text());
    let path = folder.path().join(RUN);
    let run = Run { took: std::time::Duration::from_secs(1), made: jiff::Timestamp::UNIX_EPOCH };
    put(folder.path(), RUN, &run.text()).expect("written");
    let sums = report_sum(&[], &[(RUN, &crate::files::sha256(&run.text()))]);
    put(folder.path(), REPORT_SUM, sums.as_bytes()).expect("written");
    assert_eq!(Stored::read(folder.path()).expect("a result").run, Some(run));
    fs::write(&path, Run { took: std::time::Duration::ZERO, ..run }.text()).expect("written");
    let said = refused(folder.path());
    assert!(said.contains("not as report.sha256 lists it. Remove it"), "{said}");
    for list in [sums.as_str(), ""] {
        fs::write(folder.path().join(REPORT_SUM), list).expect("written");
        let _ = fs::remove_file(&path);
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo is there");
        assert!(made.success());
        assert!(refused(folder.path()).contains("Remove it"));
    }
    fs::remove_file(&path).expect("removed");
    assert_eq!(Stored::read(folder.path()).expect("a result").run, None);
}

/// A step of the camera at which a violation came into this phase.
fn step(phase: Phase) -> Vec<Fact> {
    let judgement = Judgement { violations: vec![violation(phase.name())], ..Judgement::default() };
    vec![
        Fact::Told(look(1.0), judgement),
        Fact::Missed(GapReason::Overload),
        Fact::Reached(MediaTime::from_micros(7_000_000)),
    ]
}

fn commit(ledger: &mut FolderLedger, facts: &[Fact]) -> Option<String> {
    ledger.commit(&Step { camera: &lane(), facts, state: &|| None }).err().map(|error| error.to_string())
}

#[test]
fn what_comes_of_a_camera_is_in_its_files_at_once_and_violations_as_last_known_in_the_end() {
    let folder = folder();
    let journal = folder.path().join("journal/lane.jsonl");
    let mut ledger = FolderLedger::new(folder.path(), &lane());
    assert!(!folder.path().join(OBSERVATIONS).exists(), "a camera whose turn has not come has no file");
    assert_eq!(commit(&mut ledger, &[Fact::Told(epoch(), Judgement::default())]), None);
    assert_eq!(commit(&mut ledger, &step(Phase::Warned)), None);
    assert!(!journal.exists(), "a warning is no violation");
    assert_eq!(commit(&mut ledger, &step(Phase::Raised)), None);
    // A run that is killed here leaves this.
    let noted = fs::read_to_string(&journal).expect("a journal");
    assert!(noted.contains("\"phase\":\"raised\"") && noted.lines().count() == 1, "{noted}");
    assert_eq!(commit(&mut ledger, &step(Phase::Ended)), None);
    let Closed { outcome, violations, errors } = ledger.close();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(violations, [violation("ended")]);
    assert_eq!((outcome.looks, outcome.missed, outcome.not_looked, outcome.epochs.len()), (3, 3, 3, 1));
    assert_eq!(outcome.until, MediaTime::from_micros(7_000_000));
    let records = fs::read_to_string(folder.path().join("observations/lane.jsonl")).expect("records");
    assert_eq!(records.lines().count(), 4);
    clear_journal(folder.path()).expect("cleared");
    assert!(!journal.exists());
}

#[test]
fn violations_that_cannot_be_written_are_kept_and_what_cannot_be_written_is_told_once() {
    let folder = folder();
    // Files where the folders should be.
    fs::write(folder.path().join(OBSERVATIONS), "").expect("written");
    fs::write(folder.path().join("journal"), "").expect("written");
    let mut ledger = FolderLedger::new(folder.path(), &lane());
    let said = commit(&mut ledger, &step(Phase::Raised)).expect("it cannot be written");
    assert!(said.contains("observations/lane.jsonl"), "{said}");
    let said = commit(&mut ledger, &step(Phase::Updated)).expect("nor can that");
    assert!(said.contains("journal/lane.jsonl"), "{said}");
    assert_eq!(commit(&mut ledger, &step(Phase::Ended)), None);
    let Closed { violations, errors, outcome } = ledger.close();
    assert_eq!(violations, [violation("ended")]);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(outcome.looks, 3, "what cannot be written was seen all the same");
}

#[test]
fn notices_stand_in_the_order_of_media_time_however_they_came() {
    let notice = |at: f64| {
        let at = MediaTime::from_secs_f64(at);
        Fact::Notice(Notice { camera: lane(), file: "a.mp4".to_owned(), at, what: Noticed::LongGroup })
    };
    let mut outcome = Outcome::default();
    for fact in [notice(28.0), notice(0.0), notice(30.0), Fact::Ended(Vec::new())] {
        outcome.follow(&fact);
    }
    let at: Vec<f64> = outcome.notices.iter().map(|notice| notice.at.as_secs_f64()).collect();
    assert_eq!(at, [0.0, 28.0, 30.0]);
}
