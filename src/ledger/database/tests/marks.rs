//! What others decide of what is written down.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    super::{Desk, Handle, Kept, Urls},
    bench::*,
};
use crate::domain::{
    EvidenceRole, Finding,
    Phase::{Ended, Raised},
    Verdict,
};

fn verdict(subject: Uuid, by: &str) -> Verdict {
    let at = Timestamp::UNIX_EPOCH;
    Verdict { subject, verdict: Finding::False, cause: Some("反光".to_owned()), by: by.to_owned(), at }
}

#[test]
fn a_verdict_is_kept_with_its_violation_and_one_of_nothing_is_not() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    bench.settle();
    let handle = bench.handle();
    let id = violation_id("lane", 1);
    assert!(handle.verdict(verdict(id, "王")).expect("written"));
    assert!(handle.verdict(verdict(id, "李")).expect("written"));
    assert!(handle.verdict(verdict(id, "王")).expect("the same again"));
    assert!(!handle.verdict(verdict(Uuid::nil(), "王")).expect("written"));
    let many = [verdict(id, "赵"), verdict(Uuid::nil(), "赵"), verdict(id, "王")];
    assert_eq!(handle.found(&many).expect("written"), [true, false, true]);
    let verdicts = handle.verdicts(id).expect("read");
    let by: Vec<&str> = verdicts.iter().map(|verdict| verdict.by.as_str()).collect();
    assert_eq!(by, ["李", "王", "赵"]);
    assert_eq!(verdicts[0], verdict(id, "李"));
}

#[test]
fn a_dead_letter_waits_no_more_and_is_never_let_go() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    step(&mut ledger, "lane", &[(1, Ended)], 2);
    bench.settle();
    let handle = bench.handle();
    assert_eq!(bench.alerts().len(), 2);
    handle.refused(SINK, handle.outbox(), 1, "it is malformed").expect("written");
    // One that another outbox counts is not this one.
    handle.refused(SINK, Uuid::nil().into(), 2, "it is malformed").expect("written");
    assert_eq!(bench.now(SINK).len(), 1);
    assert_eq!(handle.facts().sinks[SINK].refused, 1);
}

#[test]
fn what_a_sink_had_is_given_again_where_it_is_asked_for() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    for number in 1..=6 {
        step(&mut ledger, "lane", &[(number, Raised)], i64::from(number));
    }
    bench.settle();
    let handle = bench.handle();
    let alerts = bench.alerts();
    bench.deliver(SINK, &[1, 2, 3, 4]);
    let again = |range, most| handle.again(SINK, handle.outbox(), range, most).expect("written");
    assert_eq!(again(5..=99, 10), 0, "it has none of these");
    assert_eq!(again(0..=u64::MAX, 2), 2);
    let now = bench.now(SINK);
    assert_eq!(now, [alerts[0].clone(), alerts[1].clone(), alerts[4].clone(), alerts[5].clone()]);
    assert_eq!(handle.again(SINK, Uuid::nil().into(), 1..=9, 9).expect("written"), 0);
}

#[test]
fn files_wait_to_be_put_elsewhere_stills_first_and_alerts_say_where() {
    let bench = Bench::new();
    let handle = bench.handle();
    handle.set_urls(Some(Urls::new(|name| format!("https://platform.example/{name}"))));
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    handle.evidence(kept("lane", 1, &[EvidenceRole::Clip]));
    handle.evidence(kept("lane", 1, &[EvidenceRole::Raised]));
    bench.settle();
    let next = handle.next_upload(&[]).expect("read").expect("one");
    assert_eq!(next.role, EvidenceRole::Raised);
    assert!(handle.refers_to(&next.name));
    handle.uploaded(&next.name).expect("written");
    let clip = handle.next_upload(&[]).expect("read").expect("one");
    assert_eq!(clip.role, EvidenceRole::Clip);
    assert_eq!(handle.facts().uploads.waiting, 1);
    handle.not_uploaded(&clip.name, "it is gone").expect("written");
    assert_eq!(handle.next_upload(&[]).expect("read"), None);
    assert_eq!((handle.facts().uploads.waiting, handle.facts().uploads.refused), (0, 1));
    for alert in bench.alerts() {
        let text = serde_json::to_value(&alert).expect("JSON");
        for file in text["data"]["evidence"].as_array().expect("files") {
            let name = file["name"].as_str().expect("a name");
            assert_eq!(file["url"], format!("https://platform.example/{name}"));
        }
    }
    // The record is as it would be without.
    let records = handle.violations_of_day(Timestamp::MIN, Timestamp::MAX).expect("read");
    assert!(records[0].evidence.iter().all(|file| file.url.is_none()) && !records[0].evidence.is_empty());
}

/// A still and a clip of one violation wait to be uploaded.
fn with_two_files() -> (Bench, Handle, Kept) {
    let bench = Bench::new();
    let handle = bench.handle();
    handle.set_urls(Some(Urls::new(|name| format!("https://platform.example/{name}"))));
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 1);
    let files = kept("lane", 1, &[EvidenceRole::Raised, EvidenceRole::Clip]);
    handle.evidence(files.clone());
    bench.settle();
    (bench, handle, files)
}

#[test]
fn a_file_that_was_put_stays_put_when_a_start_tells_of_it_again() {
    let (bench, handle, files) = with_two_files();
    let [still, clip] = [0, 1].map(|at| files.entries[at].name.clone());
    handle.uploaded(&still).expect("written");
    handle.not_uploaded(&clip, "it is too large").expect("written");
    // As a start does with all files of days that are not over.
    handle.evidence(files.clone());
    bench.settle();
    assert_eq!(handle.next_upload(&[]).expect("read"), None);
    assert_eq!((handle.facts().uploads.waiting, handle.facts().uploads.refused), (0, 1));
    // Other bytes under the same name are another file.
    let mut other = files;
    other.entries[0].sha256 = "0".repeat(64);
    handle.evidence(other);
    bench.settle();
    assert_eq!(handle.next_upload(&[]).expect("read").map(|upload| upload.name), Some(still));
}

#[test]
fn a_file_that_is_not_taken_now_is_passed_over_and_why_is_kept() {
    let (bench, handle, files) = with_two_files();
    let still = files.entries[0].name.clone();
    handle.upload_put_off(&still, "HTTP 409").expect("written");
    let next = handle.next_upload(&[&still]).expect("read").expect("the other");
    assert_eq!(next.role, EvidenceRole::Clip);
    assert_eq!(handle.next_upload(&[]).expect("read").map(|upload| upload.name), Some(still.clone()));
    assert_eq!(handle.facts().uploads.waiting, 2, "it waits as before");
    let listed = Desk::open(bench.folder.path()).expect("it opens").files(9).expect("read");
    let why = |name: &str| listed.iter().find(|file| file.name == name).expect("listed").put_off.clone();
    assert_eq!(why(&still).as_deref(), Some("HTTP 409"));
    assert_eq!(why(&next.name), None);
    let mut desk = Desk::open(bench.folder.path()).expect("it opens");
    assert!(!desk.purge_upload("evidence/none").expect("written"));
    assert_eq!(desk.purge_uploads(false).expect("written"), 0, "none is refused for good");
    assert!(desk.purge_upload(&still).expect("written"));
    assert_eq!(handle.next_upload(&[]).expect("read").map(|upload| upload.name), Some(next.name));
    assert_eq!((desk.purge_uploads(true).expect("written"), handle.facts().uploads.waiting), (1, 0));
}
