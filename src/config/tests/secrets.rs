//! Values from the environment and from files.

use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

/// A folder with a file of this mode that holds a secret.
fn folder(mode: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pw");
    fs::write(&path, "fr0mfile\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
    folder
}

fn text(password: &str) -> String {
    let keys = format!("kind = \"mqtt\"\nurl = \"mqtt://h\"\nusername = \"u\"\npassword = \"{password}\"\n");
    format!("[site]\nid = \"s\"\n{}[[sink]]\nname = \"a\"\n{keys}", lane(SQUARE))
}

#[test]
fn a_secret_comes_from_a_file_beside_the_configuration_or_anywhere() {
    let folder = folder(0o600);
    let absolute = format!("x${{file:{}}}y", folder.path().join("pw").display());
    for (written, password) in
        [("${file:pw}", "fr0mfile"), (absolute.as_str(), "xfr0mfiley"), ("${A}", "s3cret")]
    {
        let config = Config::parse(&text(written), folder.path(), &|_| Some("s3cret".to_owned()));
        let config = config.unwrap_or_else(|faults| panic!("{faults:?}"));
        let SinkSettings::Mqtt(mqtt) = &config.sinks[0].settings else { panic!("MQTT") };
        assert_eq!(mqtt.password.as_ref().map(Secret::expose), Some(password));
        let shown = format!("{config:?} {:?}", config.resolved());
        assert!(!shown.contains("fr0mfile") && !shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("***"));
    }
}

#[test]
fn a_file_that_others_may_read_is_named_with_the_way_out() {
    let folder = folder(0o644);
    let told = |written: &str| {
        let found = Config::parse(&text(written), folder.path(), &|_| None).expect_err("no secret");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].key.as_str(), found[0].line), ("sink.a.password", Some(15)));
        found[0].message.clone()
    };
    let path = folder.path().join("pw");
    assert_eq!(
        told("${file:pw}"),
        format!("the file {0} may be read by others than its owner: chmod 600 {0}", path.display())
    );
    assert!(told("${file:none}").contains("none cannot be read"));
    assert!(told("${file:.}").ends_with("is no file"));
    assert!(told("${NONE}").contains("\"NONE\" is not defined"));
    assert!(told("${file:pw").contains("is not closed; write `${NAME}` or `${file:PATH}`"));
}

#[test]
fn what_nobody_knows_has_no_other_fault() {
    // Both would be no address, and no secret of a webhook.
    let keys = "kind = \"webhook\"\nurl = \"${NONE}\"\nsecrets = [\"${NONE}\"]\n";
    let found = faults(&format!("{}[[sink]]\nname = \"a\"\n{keys}", lane(SQUARE)));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|fault| fault.contains("\"NONE\" is not defined")), "{found:?}");
}

#[test]
fn no_fault_tells_what_a_file_holds() {
    let folder = folder(0o600);
    let camera = format!("[site]\nid = \"s\"\ntimezone = \"${{file:pw}}\"\n{}", lane(SQUARE));
    let found = Config::parse(&camera, folder.path(), &|_| None).expect_err("no time zone");
    assert_eq!(found.len(), 1);
    assert!(found[0].message.starts_with("\"${file:pw}\" is no time zone"), "{found:?}");
}

#[test]
fn a_text_without_end_is_no_value() {
    let found = faults(&lane(SQUARE).replace("a.mp4", &"a".repeat(70_000)));
    assert_eq!(found, ["5: camera.lane.source: it is longer than any key wants: 64 kB at most"]);
}

#[test]
fn what_came_from_outside_is_not_written_beside_evidence() {
    let text = text("p")
        .replace("\"u\"", "\"${file:pw}\"")
        .replace("[[sink]]", "[evidence]\nupload = \"http://h/up/${file:pw}\"\n[[sink]]")
        + "[[reaction]]\nurl = \"http://h/hold/0wn?tok=${file:pw}\"\n[[reaction]]\ncommand = [\"/opt/${file:pw}\"]\n";
    let config = Config::parse(&text, folder(0o600).path(), &|_| None).expect("sound");
    let shown = serde_json::to_value(config.resolved()).expect("JSON");
    assert_eq!(shown["evidence"]["upload"], "http://h/up/***");
    assert_eq!((&shown["sinks"][0]["username"], &shown["sinks"][0]["name"]), (&"***".into(), &"a".into()));
    assert_eq!(shown["reactions"][0]["url"], "http://h/…", "all but the host may be a secret");
    assert_eq!(shown["reactions"][1]["command"][0], "/opt/***");
    assert!(!shown.to_string().contains("fr0mfile"), "{shown}");
}
