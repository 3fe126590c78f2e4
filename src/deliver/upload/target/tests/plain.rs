//! A place that takes PUT.

use std::sync::Mutex;

use super::*;
use crate::stop::Signal;

#[test]
fn a_file_is_put_whole_and_known_by_its_hash() {
    let fake = Fake::start(|_, _| Reply::Honest(Tells::ReprDigest));
    let (target, kept) = (target(&fake), kept());
    assert_eq!(put(&target, &kept), Ok(()));
    assert_eq!(fake.stored(PLACE), Some(kept.bytes.clone()));
    assert_eq!(fake.methods(), ["PUT", "HEAD"]);
    let asked = fake.asked();
    let hash = STANDARD.encode(Sha256::digest(&kept.bytes));
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("content-length", "200000"),
        ("content-digest", format!("sha-256=:{hash}:").as_str()),
        ("if-none-match", "*"),
        ("authorization", "Basic Ym94OnMzY3JldEA="),
    ] {
        assert_eq!(asked[0].header(name), Some(value), "{name}");
    }
    assert_eq!(asked[0].header("transfer-encoding"), None);
    assert_eq!(asked[1].header("want-repr-digest"), Some("sha-256=10"));
    assert_eq!(target.url(NAME), format!("http://127.0.0.1:{}{PLACE}", fake.port));

    // Again: nothing of it goes over the line.
    assert_eq!(put(&target, &kept), Ok(()));
    assert_eq!(fake.methods(), ["PUT", "HEAD", "PUT", "HEAD"]);
    assert_eq!(fake.asked()[2].body, b"");
}

#[test]
fn what_a_target_does_not_tell_is_read_back() {
    for (tells, methods) in [
        (Tells::ContentDigest, &["PUT", "HEAD"][..]),
        (Tells::Checksum, &["PUT", "HEAD"]),
        (Tells::Nothing, &["PUT", "HEAD", "GET"]),
        (Tells::NoHead, &["PUT", "HEAD", "GET"]),
        // Its bytes say more than what it says of them.
        (Tells::Wrong, &["PUT", "HEAD", "GET"]),
    ] {
        let fake = Fake::start(move |_, _| Reply::Honest(tells));
        assert_eq!(put(&target(&fake), &kept()), Ok(()));
        assert_eq!(fake.methods(), methods);
    }
}

#[test]
fn an_empty_file_is_a_file() {
    let fake = Fake::start(|_, _| Reply::Honest(Tells::Nothing));
    assert_eq!(put(&target(&fake), &of_bytes(Vec::new())), Ok(()));
    assert_eq!(fake.stored(PLACE), Some(Vec::new()));
}

#[test]
fn what_is_there_under_the_name_is_replaced() {
    for tells in [Tells::ReprDigest, Tells::Nothing] {
        let fake = Fake::start(move |_, _| Reply::Honest(tells));
        fake.store(PLACE, b"of an older box");
        let kept = kept();
        assert_eq!(put(&target(&fake), &kept), Ok(()));
        assert_eq!(fake.stored(PLACE), Some(kept.bytes));
        assert_eq!(fake.methods()[..4], ["PUT", "HEAD", "GET", "PUT"]);
        assert_eq!(fake.asked()[3].header("if-none-match"), None);
    }
}

#[test]
fn a_target_that_lies_is_found_out() {
    let other = |mut bytes: Vec<u8>| {
        bytes[150_000] ^= 1;
        bytes
    };
    let shorter = |mut bytes: Vec<u8>| {
        bytes.pop();
        bytes
    };
    let longer = |mut bytes: Vec<u8>| {
        bytes.push(0);
        bytes
    };
    for change in [other, shorter, longer] as [fn(Vec<u8>) -> Vec<u8>; 3] {
        for tells in [Tells::Nothing, Tells::Wrong, Tells::ReprDigest] {
            let fake = Fake::start(move |asked, _| match asked.method.as_str() {
                "PUT" => Reply::Keep(change),
                _ => Reply::Honest(tells),
            });
            let why = passing(&target(&fake), &kept());
            assert!(
                why.starts_with(&format!("it says that it stored {NAME} and holds other bytes")),
                "{why}"
            );
            assert_eq!(fake.methods(), ["PUT", "HEAD", "GET"]);
        }
    }
    let fake = Fake::start(|asked, _| match asked.method.as_str() {
        "PUT" => Reply::Late(200),
        _ => Reply::Honest(Tells::ReprDigest),
    });
    let why = passing(&target(&fake), &kept());
    assert!(why.starts_with(&format!("it says that it stored {NAME} and holds nothing")), "{why}");
}

#[test]
fn a_target_that_lies_even_of_what_takes_anothers_place_is_found_out() {
    let fake = Fake::start(|asked, _| match asked.method.as_str() {
        "PUT" if asked.header("if-none-match").is_some() => Reply::Early(412, Vec::new(), ""),
        "PUT" => Reply::Late(204),
        _ => Reply::Honest(Tells::ReprDigest),
    });
    fake.store(PLACE, b"of an older box");
    assert!(passing(&target(&fake), &kept()).contains("holds other bytes"));
}

#[test]
fn only_a_refusal_of_the_file_is_for_good() {
    for status in [400, 413, 415, 422] {
        let fake = Fake::start(move |_, _| Reply::Early(status, Vec::new(), "no\nthanks"));
        let why = lasting(&target(&fake), &kept());
        assert!(why.contains(&status.to_string()), "{why}");
        assert_eq!(fake.methods(), ["PUT"]);
    }
    for status in [302, 307, 401, 403, 404, 408, 410, 429, 500, 503, 507] {
        for late in [false, true] {
            let fake = Fake::start(move |_, _| match late {
                true => Reply::Late(status),
                false => Reply::Early(status, Vec::new(), ""),
            });
            let why = passing(&target(&fake), &kept());
            assert!(why.contains(&format!("HTTP {status}")), "{why}");
            assert_eq!(fake.methods(), ["PUT"]);
        }
    }
    // One that takes files and does not show them.
    for status in [400, 401, 403, 500] {
        let fake = Fake::start(move |asked, _| match asked.method.as_str() {
            "PUT" => Reply::Honest(Tells::Nothing),
            _ => Reply::Early(status, Vec::new(), ""),
        });
        let why = passing(&target(&fake), &kept());
        assert!(why.starts_with(&format!("whether it holds {NAME} cannot be seen: ")), "{why}");
    }
}

#[test]
fn a_target_need_not_know_conditions_nor_expectations() {
    let fake = Fake::start(|asked, _| match asked.method.as_str() {
        "PUT" if asked.header("expect").is_some() => Reply::Early(417, Vec::new(), ""),
        "PUT" if asked.header("if-none-match").is_some() => Reply::Late(501),
        _ => Reply::Honest(Tells::Nothing),
    });
    let kept = kept();
    assert_eq!(put(&target(&fake), &kept), Ok(()));
    assert_eq!(fake.stored(PLACE), Some(kept.bytes));
}

#[test]
fn a_put_after_one_that_broke_off_is_whole() {
    let fake = Fake::start(|_, number| match number {
        0 => Reply::Cut(70_000),
        _ => Reply::Honest(Tells::ReprDigest),
    });
    let (target, kept) = (target(&fake), kept());
    passing(&target, &kept);
    assert_eq!(fake.stored(PLACE).map(|bytes| bytes.len()), Some(70_000));
    assert_eq!(put(&target, &kept), Ok(()));
    assert_eq!(fake.stored(PLACE), Some(kept.bytes));
}

#[test]
fn an_answer_without_end_is_read_no_further_than_the_file_goes() {
    let fake = Fake::start(|asked, _| match asked.method.as_str() {
        "PUT" => Reply::Honest(Tells::Nothing),
        "HEAD" => Reply::Early(405, Vec::new(), ""),
        _ => Reply::Endless,
    });
    assert!(passing(&target(&fake), &kept()).contains("holds other bytes"));
}

#[test]
fn silence_ends() {
    for silent in ["PUT", "HEAD", "GET"] {
        let fake = Fake::start(move |asked, _| match asked.method == silent {
            true => Reply::Silence,
            false => Reply::Honest(Tells::Nothing),
        });
        let target = Target { patience: Duration::from_millis(300), ..target(&fake) };
        let why = passing(&target, &kept());
        assert!(why.starts_with("no answer in time"), "{why}");
    }
    // Nobody is there at all.
    let gone = Fake::start(|_, _| Reply::Silence);
    let target = target(&gone);
    drop(gone);
    passing(&target, &kept());
}

#[test]
fn a_file_that_is_gone_or_changed_is_not_sent() {
    let fake = Fake::start(|_, _| Reply::Honest(Tells::ReprDigest));
    let target = target(&fake);
    let sent = kept();
    for change in [b"shorter".to_vec(), [&sent.bytes[..], b"x"].concat(), vec![0; sent.bytes.len()]] {
        let kept = kept();
        fs::write(&kept.file.path, change).expect("written");
        assert!(lasting(&target, &kept).starts_with("the file is changed"));
    }
    let kept = kept();
    fs::remove_file(&kept.file.path).expect("removed");
    assert!(lasting(&target, &kept).starts_with("the file is gone"));
    fs::create_dir(&kept.file.path).expect("a folder");
    lasting(&target, &kept);
    for name in ["", "a//b", "../b", "a/..", "./a", "/a"] {
        let kept = kept_as(name);
        assert!(lasting(&target, &kept).contains("no name of a file"), "{name}");
    }
    assert_eq!(fake.methods(), [""; 0]);
}

fn kept_as(name: &str) -> Kept {
    let kept = kept();
    Kept { file: File { name: name.to_owned(), ..kept.file.clone() }, ..kept }
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_not_sent_whole() {
    // The hash is known; then the file is written over, as no evidence is.
    let change: Arc<Mutex<Option<PathBuf>>> = Arc::default();
    let told = Arc::clone(&change);
    let fake = Fake::start(move |_, _| {
        if let Some(path) = told.lock().expect("whole").as_ref() {
            // In place, for it is open already.
            fs::write(path, vec![9; 200_000]).expect("written");
        }
        Reply::Honest(Tells::ReprDigest)
    });
    let kept = kept();
    *change.lock().expect("whole") = Some(kept.file.path.clone());
    assert!(lasting(&target(&fake), &kept).starts_with("the file is changed"));
    assert_eq!(fake.stored(PLACE), None);
}

#[test]
fn a_stop_is_heard_between_two_blocks() {
    let stop = Stop::default();
    let told = stop.clone();
    let fake = Fake::start(move |_, _| {
        told.set(Signal::Terminate);
        Reply::Honest(Tells::ReprDigest)
    });
    let (target, kept) = (target(&fake), kept());
    for _ in 0..2 {
        let refusal = target.put(&kept.file, &stop).expect_err("it was told to stop");
        assert!(
            matches!(&refusal, Refusal::Transient { why, .. } if why.contains("told to stop")),
            "{refusal}"
        );
    }
    assert_eq!((fake.stored(PLACE), fake.methods().len()), (None, 1));
}

#[test]
fn files_are_called_what_they_are() {
    let clip = |name: &str| {
        let file = kept_as(name).file;
        File { role: EvidenceRole::Clip, ..file }.content_type()
    };
    assert_eq!((clip("a_clip.mp4"), clip("a_clip.mkv")), ("video/mp4", "video/x-matroska"));
}

#[test]
fn what_goes_both_ways_goes_at_the_rate() {
    let fake = Fake::start(|_, _| Reply::Honest(Tells::Nothing));
    let clock = Arc::new(Manual::at(Timestamp::now()));
    let evidence = Evidence {
        upload_rate: config::ByteSize(100_000),
        ..evidence(format!("http://127.0.0.1:{}/e", fake.port))
    };
    let target = Target::by(&evidence, Arc::clone(&clock) as Arc<dyn Clock>).expect("an address");
    for name in ["a.jpg", "b.jpg"] {
        assert_eq!(put(&target, &kept_as(name)), Ok(()));
    }
    // Twice 200 kB there and back.
    let took = clock.since();
    assert!(took > Duration::from_millis(7_800) && took <= Duration::from_secs(8), "{took:?}");
}
