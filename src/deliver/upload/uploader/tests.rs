//! Files are put by a real thread, from a real database, at a server that does as it is told.

use std::fs;

use sha2::{Digest, Sha256};

use super::{
    super::target::tests::fake::{Fake, Reply, Tells},
    *,
};
use crate::{
    domain::{EvidenceRole, Phase},
    ledger::database::{
        Urls,
        tests::bench::{Bench, kept, step, until},
    },
};

const CAMERA: &str = "lane";

/// A database of a violation whose still and clip wait, and where they lie.
fn waiting(fake: &Fake) -> (Bench, config::Evidence) {
    let bench = Bench::new();
    let directory = bench.folder.path().join("evidence");
    let mut files = kept(CAMERA, 1, &[EvidenceRole::Raised, EvidenceRole::Clip]);
    for entry in &mut files.entries {
        let path = files::of_evidence(&directory, &entry.name).expect("a name");
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let bytes = entry.name.as_bytes();
        fs::write(&path, bytes).expect("written");
        entry.sha256 = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        entry.bytes = bytes.len() as u64;
    }
    bench.handle().set_urls(Some(Urls::new(|name| name.to_owned())));
    step(&mut bench.ledger(CAMERA), CAMERA, &[(1, Phase::Raised)], 1);
    bench.handle().evidence(files);
    bench.settle();
    let upload = format!("http://127.0.0.1:{}/e/", fake.port);
    let evidence = config::Evidence { upload: Some(upload.into()), directory, ..config::Evidence::default() };
    (bench, evidence)
}

#[test]
fn a_file_that_is_not_taken_is_passed_by_others() {
    let fake = Fake::start(|asked, _| match asked.method.as_str() {
        "PUT" if asked.path.contains("raised") => Reply::Early(409, Vec::new(), "locked"),
        _ => Reply::Honest(Tells::ReprDigest),
    });
    let (bench, evidence) = waiting(&fake);
    let uploader = Uploader::start(bench.handle(), &evidence, DeliveryBoard::default()).expect("it starts");
    let facts = uploader.facts();
    let facts = || facts.lock().expect("whole").clone();
    until("the clip is put, and the still alone is put off", || facts().put == 1 && facts().put_off == 1);
    assert_eq!(facts().failing, None, "others are taken");
    let left = bench.handle().next_upload(&[]).expect("read").expect("the still");
    assert_eq!(left.role, EvidenceRole::Raised);
    uploader.finish(Duration::from_secs(5));
}

#[test]
fn files_do_not_wait_for_sinks_that_collect() {
    let fake = Fake::start(|_, _| Reply::Honest(Tells::ReprDigest));
    let (bench, _) = waiting(&fake);
    let name = bench.handle().facts().sinks.keys().next().expect("alerts wait for a sink").clone();
    for gathers in [true, false] {
        let board = DeliveryBoard::default();
        let facts = crate::deliver::SinkFacts { gathers, ..Default::default() };
        let sink = crate::domain::SinkName::new(&name).expect("a name");
        board.put(sink, Arc::new(Mutex::new(facts)));
        assert_eq!(are_alerts_under_way(&bench.handle(), &board), !gathers);
    }
}
