//! What may be said of where evidence is put.

use super::*;

fn with(keys: &str) -> String {
    format!("{}[evidence]\n{keys}\n", lane(SQUARE))
}

fn sound(keys: &str) -> Config {
    let config = parse(&format!("[site]\nid = \"s\"\n{}", with(keys)));
    config.unwrap_or_else(|faults| panic!("{keys}: {faults:?}"))
}

const S3_KEYS: &str = "bucket = \"evidence\", access_key = \"box\", secret_key = \"${LANE3_PASSWORD}\"";

#[test]
fn evidence_is_put_with_these_keys_and_their_defaults() {
    let evidence = sound("").evidence;
    assert_eq!(evidence, Evidence { directory: "/etc/firewarden/evidence".into(), ..Evidence::default() });
    assert_eq!(evidence.upload_rate, ByteSize::megabytes(1));
    let keys = "upload = \"https://u:p@h/e\"\nupload_rate = \"10kB\"\nupload_ca = \"ca.pem\"";
    let evidence = sound(keys).evidence;
    assert_eq!(evidence.upload.map(|upload| upload.as_str().to_owned()).as_deref(), Some("https://u:p@h/e"));
    assert_eq!((evidence.upload_rate, evidence.s3), (ByteSize(10_000), None));
    assert_eq!(evidence.upload_ca.as_deref(), Some(Path::new("/etc/firewarden/ca.pem")));
    let s3 = sound(&format!("upload = \"http://h\"\ns3 = {{ {S3_KEYS} }}")).evidence.s3.expect("S3");
    assert_eq!((s3.bucket.as_str(), s3.region.as_str()), ("evidence", "us-east-1"));
    assert_eq!((s3.access_key.as_str(), s3.secret_key.expose()), ("box", "s3cret"));
    assert_eq!(s3.style, S3Style::Path);
    let table = format!(
        "upload = \"https://h\"\n[evidence.s3]\nregion = \"cn-1\"\nstyle = \"host\"\n{}",
        S3_KEYS.replace(", ", "\n")
    );
    let s3 = sound(&table).evidence.s3.expect("S3");
    assert_eq!((s3.region.as_str(), s3.style), ("cn-1", S3Style::Host));
}

#[test]
fn the_key_of_a_bucket_is_never_shown() {
    let config = sound(&format!("upload = \"https://h\"\nupload_ca = \"ca.pem\"\ns3 = {{ {S3_KEYS} }}"));
    let resolved = config.resolved();
    let written = serde_json::to_string(&resolved).expect("JSON");
    assert!(!format!("{config:?}{resolved:?}{written}").contains("s3cret"), "{written}");
    assert_eq!(serde_json::from_str::<Resolved>(&written).expect("just written"), resolved);
    assert_eq!(resolved.evidence.upload_ca.as_deref(), Some(Path::new("ca.pem")));
    assert_eq!(resolved.evidence.s3.map(|s3| s3.bucket).as_deref(), Some("evidence"));
}

#[test]
fn what_is_wrong_with_an_upload_is_told_with_its_key_and_line() {
    let s3 = |rest: &str| format!("upload = \"https://h\"\ns3 = {{ {S3_KEYS}{rest} }}");
    for (keys, told) in [
        ("upload_rate = \"9kB\"".to_owned(), "11: evidence.upload_rate: it must be between 10kB and 1GB: "),
        ("upload_rate = \"2GB\"".to_owned(), "11: evidence.upload_rate: it must be"),
        ("upload_ca = \"ca.pem\"".to_owned(), "11: evidence.upload_ca: it goes with `upload`"),
        (
            "upload = \"http://h\"\nupload_ca = \"ca.pem\"".to_owned(),
            "12: evidence.upload_ca: no certificate is shown without TLS",
        ),
        (format!("s3 = {{ {S3_KEYS} }}"), "11: evidence.s3: it goes with `upload`"),
        (
            format!("upload = \"https://u:p@h\"\ns3 = {{ {S3_KEYS} }}"),
            "11: evidence.upload: user name and password do not belong here",
        ),
        ("upload = \"https://h\"\ns3 = \"b\"".to_owned(), "12: evidence.s3: a table is wanted here"),
        (s3(", buckt = 1"), "12: evidence.s3.buckt: unknown key \"buckt\"; did you mean \"bucket\"?"),
        (s3(", style = \"dns\""), "12: evidence.s3.style: unknown variant"),
        (s3(", region = \"a/b\""), "12: evidence.s3.region: regions are called by"),
        (s3("").replace("\"box\"", "\"a/b\""), "12: evidence.s3.access_key: it holds"),
        (s3("").replace("\"box\"", "\"\""), "12: evidence.s3.access_key: it is empty"),
        (s3("").replace("${LANE3_PASSWORD}", ""), "12: evidence.s3.secret_key: it is empty"),
        (s3("").replace("\"${LANE3_PASSWORD}\"", "4711"), "12: evidence.s3.secret_key: "),
        (s3("").replace("bucket = \"evidence\", ", ""), "12: evidence.s3.bucket: this key is required"),
        (s3("").replace("\"evidence\"", "\"a/../b\""), "12: evidence.s3.bucket: buckets are called by"),
        (s3("").replace("\"evidence\"", "\"..b\""), "12: evidence.s3.bucket: buckets are called by"),
        (
            s3(", style = \"host\"").replace("\"evidence\"", "\"Evi\""),
            "12: evidence.s3.bucket: capitals and _",
        ),
        (
            s3(", style = \"host\"").replace("//h", "//10.2.0.3"),
            "12: evidence.s3.style: nothing can stand before",
        ),
        (s3(", style = \"host\"").replace("//h", "//[::1]:9000"), "12: evidence.s3.style: nothing can stand"),
    ] {
        let found = faults(&with(&keys));
        assert!(found.len() == 1 && found[0].starts_with(told), "{keys}: {found:?}");
        assert!(!found[0].contains("4711") && !found[0].contains("s3cret"), "{found:?}");
    }
}

#[test]
fn a_key_that_cannot_be_read_hides_no_other() {
    let told = faults(&format!(
        "{}[evidence]\nupload_rate = \"1X\"\nkeep = \"1s\"\nbudget = \"1kB\"\n",
        lane(SQUARE)
    ));
    let keys = ["upload_rate", "keep", "budget"].map(|key| format!("evidence.{key}:"));
    assert!(keys.iter().all(|key| told.iter().any(|fault| fault.contains(key))), "{told:?}");
}
