//! Addresses that a target makes for one file.

use std::sync::atomic::{AtomicUsize, Ordering};

use ureq::http::Response;

use super::*;

/// A target that leads every request to that port, to another place whenever it is asked.
fn leads_to(port: u16) -> Fake {
    Fake::start(move |_, number| {
        let to = format!("http://box:s3cret@127.0.0.1:{port}/made?sig={number}");
        Reply::Early(if number % 2 == 0 { 307 } else { 308 }, vec![("Location", to)], "")
    })
}

#[test]
fn a_file_goes_where_it_is_led_and_credentials_do_not() {
    let store = Fake::start(|_, _| Reply::Honest(Tells::ReprDigest));
    let lead = leads_to(store.port);
    let kept = kept();
    assert_eq!(put(&target(&lead), &kept), Ok(()));
    assert_eq!(store.stored("/made"), Some(kept.bytes));
    assert_eq!((lead.methods(), store.methods()), (vec!["PUT".into(), "HEAD".into()], lead.methods()));
    assert!(lead.asked().iter().all(|asked| asked.header("authorization").is_some()));
    assert!(store.asked().iter().all(|asked| asked.header("authorization").is_none()));
    let paths: Vec<String> = store.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/made?sig=0", "/made?sig=1"], "never one address twice");
    assert_eq!(store.asked()[0].header("content-length"), Some("200000"));
}

#[test]
fn an_address_that_expired_is_asked_for_again_once() {
    for status in [401, 403, 410] {
        let store = Fake::start(move |_, number| match number {
            0 => Reply::Early(status, Vec::new(), ""),
            _ => Reply::Honest(Tells::ReprDigest),
        });
        let lead = leads_to(store.port);
        let kept = kept();
        assert_eq!(put(&target(&lead), &kept), Ok(()));
        assert_eq!(lead.methods(), ["PUT", "PUT", "HEAD"]);
        assert_eq!(store.stored("/made"), Some(kept.bytes));

        let store = Fake::start(move |_, _| Reply::Early(status, Vec::new(), ""));
        let lead = leads_to(store.port);
        let why = passing(&target(&lead), &self::kept());
        assert!(why.contains("made for this file") && why.contains(&status.to_string()), "{why}");
        assert_eq!((lead.methods().len(), store.methods().len()), (2, 2));
    }
}

#[test]
fn an_address_that_only_takes_and_gives_is_enough() {
    // One that is signed for GET refuses HEAD.
    let store = Fake::start(|asked, _| match asked.method.as_str() {
        "HEAD" => Reply::Early(403, Vec::new(), ""),
        _ => Reply::Honest(Tells::Nothing),
    });
    let lead = leads_to(store.port);
    assert_eq!(put(&target(&lead), &kept()), Ok(()));
    assert_eq!(store.methods(), ["PUT", "HEAD", "HEAD", "GET"]);
}

#[test]
fn what_services_of_files_say_of_much_that_passes_is_not_for_good() {
    for (body, is_good) in [("<Code>RequestTimeout</Code>", false), ("<Code>EntityTooLarge</Code>", true)] {
        let store = Fake::start(move |_, _| Reply::Early(400, Vec::new(), body));
        let lead = leads_to(store.port);
        let refusal = put(&target(&lead), &kept()).expect_err("refused");
        assert_eq!(matches!(refusal, Refusal::Permanent { .. }), is_good, "{refusal:?}");
    }
}

#[test]
fn nobody_is_led_on_and_on() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let end = Fake::start(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Reply::Honest(Tells::Nothing)
    });
    let middle = leads_to(end.port);
    let lead = leads_to(middle.port);
    let why = passing(&target(&lead), &kept());
    assert!(why.contains("redirect (HTTP 307) to 127.0.0.1:"), "{why}");
    assert_eq!((middle.methods().len(), count.load(Ordering::SeqCst)), (1, 0));
}

#[test]
fn only_a_whole_address_of_the_same_kind_is_followed() {
    for (to, part) in [
        (Some("/made"), "redirect (HTTP 307)"),
        (Some("//other.example/made"), "redirect (HTTP 307)"),
        (Some("ftp://h/made?sig=1"), "an address of ftp, and only one of http is followed"),
        (Some("file:///etc/passwd"), "an address of file"),
        (Some("https://h/made"), "an address of https"),
        (None, "redirect (HTTP 307)"),
    ] {
        let headers: Vec<_> = to.into_iter().map(|to| ("Location", to.to_owned())).collect();
        let fake = Fake::start(move |_, _| Reply::Early(307, headers.clone(), ""));
        let why = passing(&target(&fake), &kept());
        assert!(why.contains(part), "{to:?}: {why}");
    }
}

#[test]
fn from_https_only_https_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    let made = rcgen::generate_simple_self_signed(["h".to_owned()]).expect("a certificate");
    fs::write(&ca, made.cert.pem()).expect("written");
    let evidence = Evidence { upload_ca: Some(ca), ..evidence("https://u:s3cret@h/e".to_owned()) };
    let (target, kept, stop) = (target_of(&evidence), kept(), Stop::default());
    let talk = Talk::new(&target, &kept.file, [0; 32], &stop).expect("an authority");
    let made = |to: &str| {
        let answer = Response::builder().status(307).header("location", to);
        talk.made(&answer.body(ureq::Body::builder().data("")).expect("an answer"))
    };
    let url = made("https://u:s3cret@store/made?sig=1#x").expect("followed").expect("an address");
    assert_eq!(url.as_str(), "https://store/made?sig=1");
    assert!(made("http://store/made?sig=1").is_err());
    // The key of the configuration is named where it cannot be read.
    let none = Evidence { upload_ca: Some(folder.path().join("none")), ..evidence };
    let why = passing(&target_of(&none), &kept);
    assert!(why.starts_with("`upload_ca` cannot be read"), "{why}");
}
