//! A bucket of S3.

use std::collections::BTreeSet;

use super::{fake::Asked, *};
use crate::config::{S3, S3Style};

const KEY: &str = "/evidence/lf-027/2026-01-02/1%E5%8F%B7%20%E6%A5%BC_raised.jpg";

fn s3(style: S3Style) -> S3 {
    S3 {
        bucket: "evidence".to_owned(),
        region: "cn-1".to_owned(),
        access_key: "box".to_owned(),
        secret_key: Secret::from("s3cret"),
        style,
    }
}

fn bucket(fake: &Fake) -> Target {
    let evidence = evidence(format!("http://127.0.0.1:{}/lf-027/", fake.port));
    target_of(&Evidence { s3: Some(s3(S3Style::Path)), ..evidence })
}

fn query(asked: &Asked, key: &str) -> Option<String> {
    let url = url::Url::parse(&format!("http://h{}", asked.path)).expect("an address");
    url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
}

#[test]
fn each_request_is_signed_anew_and_the_bucket_tells_the_hash() {
    let fake = Fake::start(|_, _| Reply::Honest(Tells::Checksum));
    let (target, kept) = (bucket(&fake), kept());
    assert_eq!(put(&target, &kept), Ok(()));
    assert_eq!(fake.stored(KEY), Some(kept.bytes.clone()));
    let asked = fake.asked();
    let hash = STANDARD.encode(Sha256::digest(&kept.bytes));
    assert_eq!(asked[0].header("x-amz-checksum-sha256"), Some(hash.as_str()));
    assert_eq!(asked[0].header("if-none-match"), Some("*"));
    assert_eq!(asked[1].header("x-amz-checksum-mode"), Some("ENABLED"));
    for (asked, signed) in asked
        .iter()
        .zip(["host;x-amz-checksum-sha256;x-amz-sdk-checksum-algorithm", "host;x-amz-checksum-mode"])
    {
        assert_eq!(query(asked, "X-Amz-SignedHeaders").as_deref(), Some(signed));
        let of = query(asked, "X-Amz-Credential").expect("it names its key");
        assert!(of.starts_with("box/") && of.ends_with("/cn-1/s3/aws4_request"), "{of}");
        assert_eq!(asked.header("authorization"), None);
        assert_eq!(asked.header("content-digest"), None);
    }
    let signatures: BTreeSet<_> = asked.iter().map(|asked| query(asked, "X-Amz-Signature")).collect();
    assert_eq!(signatures.len(), 2);
    assert_eq!(target.url(NAME), format!("http://127.0.0.1:{}{KEY}", fake.port));
    // Again.
    assert_eq!(put(&target, &kept), Ok(()));
    assert_eq!(fake.methods(), ["PUT", "HEAD", "PUT", "HEAD"]);
}

#[test]
fn nothing_but_its_size_is_held_against_a_file() {
    for (status, body, part) in [
        (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "`secret_key`"),
        (403, "<Error><Code>InvalidAccessKeyId</Code></Error>", "`access_key`"),
        (403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", "clock of this box is wrong: it is "),
        (404, "<Error><Code>NoSuchBucket</Code></Error>", "no bucket evidence"),
        (503, "<Error><Code>SlowDown</Code></Error>", "SlowDown"),
        (400, "<Error><Code>BadDigest</Code></Error>", "BadDigest"),
        (400, "what", "HTTP 400"),
        (307, "", "redirect"),
    ] {
        let fake = Fake::start(move |_, _| {
            let to = "http://127.0.0.1:9/made".to_owned();
            let date = "Thu, 01 Jan 2015 00:00:00 GMT".to_owned();
            Reply::Early(status, vec![("Location", to), ("Date", date)], body)
        });
        let why = passing(&bucket(&fake), &kept());
        // A clock that is years off explains every refusal of a signature.
        let part = if status == 403 { "clock of this box is wrong: it is " } else { part };
        assert!(why.contains(part), "{why}");
        assert_eq!(fake.methods(), ["PUT"]);
    }
    let fake =
        Fake::start(|_, _| Reply::Early(400, Vec::new(), "<Error><Code>EntityTooLarge</Code></Error>"));
    lasting(&bucket(&fake), &kept());
}

#[test]
fn a_bucket_that_went_away_is_no_lie() {
    let fake = Fake::start(|asked, _| match asked.method.as_str() {
        "PUT" => Reply::Honest(Tells::Nothing),
        "HEAD" => Reply::Early(404, Vec::new(), ""),
        _ => Reply::Early(404, Vec::new(), "<Error><Code>NoSuchBucket</Code></Error>"),
    });
    let why = passing(&bucket(&fake), &kept());
    assert!(why.contains("no bucket evidence"), "{why}");
}

#[test]
fn addresses_have_no_secret_and_a_place_for_every_name() {
    let urls = |upload: &str, s3: Option<S3>| {
        Urls::new(&Evidence { s3, ..evidence(upload.to_owned()) }).expect("an address").url("d/a b%?#.jpg")
    };
    for (upload, url) in [
        ("https://u:s3cret@h", "https://h/d/a%20b%25%3F%23.jpg"),
        ("https://u@h:8443/e//", "https://h:8443/e/d/a%20b%25%3F%23.jpg"),
        ("http://[::1]:80/e%20f", "http://[::1]/e%20f/d/a%20b%25%3F%23.jpg"),
        ("https://h/证据", "https://h/%E8%AF%81%E6%8D%AE/d/a%20b%25%3F%23.jpg"),
    ] {
        assert_eq!(urls(upload, None), url);
    }
    for (upload, style, url) in [
        ("https://h", S3Style::Path, "https://h/evidence/d/a%20b%25%3F%23.jpg"),
        ("https://h:9000/a/b/", S3Style::Host, "https://evidence.h:9000/a/b/d/a%20b%25%3F%23.jpg"),
        ("https://h/%E8%AF%81", S3Style::Path, "https://h/evidence/%E8%AF%81/d/a%20b%25%3F%23.jpg"),
    ] {
        assert_eq!(urls(upload, Some(s3(style))), url);
    }
    assert_eq!(Urls::new(&Evidence::default()), None);
    assert!(Target::new(&Evidence::default()).is_none());
}
