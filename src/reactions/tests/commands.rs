//! Reactions that run a program. Shells do what is wanted: a file that a test has just written may still be open in a process
//! that another test begins, and cannot be run then.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use super::*;

fn path(folder: &tempfile::TempDir, name: &str) -> (std::path::PathBuf, String) {
    let path = folder.path().join(name);
    let text = path.to_str().expect("a text").to_owned();
    (path, text)
}

#[test]
fn a_program_is_given_the_alert_and_little_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, name) = path(&folder, "heard");
    let script = "{ printf '%s|' \"$@\"; pwd; env | grep -v '^PWD=' | grep -v '^_=' | sort; echo; cat; } > \"$1\"; echo heard";
    let reactions = started(&[shell(script, &[&name, "a b", "$(id)", "*"])]);
    tell(&reactions, "lift-1", "raised");
    facts(&reactions, |facts| facts.done == 1);
    let written = fs::read_to_string(file).expect("written");
    let (about, body) = written.split_once("\n\n").expect("two parts");
    assert_eq!(body, message("lift-1", "raised").body);
    let expected = [
        format!("{name}|a b|$(id)|*|/"),
        "FIREWARDEN_CAMERA=lift-1".to_owned(),
        "FIREWARDEN_KIND=ebike_in_elevator".to_owned(),
        "FIREWARDEN_PHASE=raised".to_owned(),
        "FIREWARDEN_SITE=lf-027".to_owned(),
        format!("FIREWARDEN_VIOLATION={ID}"),
        "LANG=C.UTF-8".to_owned(),
        "PATH=/usr/bin:/bin".to_owned(),
    ];
    assert_eq!(about.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn one_that_fails_is_quoted_without_what_it_was_given() {
    let script = "echo; echo \"bad token: $1\" >&2; echo more >&2; exit 3";
    let reactions = started(&[shell(script, &["s3cret-token"])]);
    tell(&reactions, "lift-1", "raised");
    let facts = facts(&reactions, |facts| facts.failed == 1);
    let shown = format!("{facts:?} {reactions:?}");
    let why = facts.failing.expect("it fails").why;
    assert!(why.contains("exit status: 3") && why.contains("(bad token: …)"), "{why}");
    assert_eq!(facts.what, "reaction[0] /bin/sh");
    assert!(!shown.contains("s3cret") && !shown.contains("more"), "{shown}");
}

#[test]
fn one_that_does_not_listen_and_one_that_says_too_much_are_fine() {
    for script in [
        "exec 0<&-; exit 0",
        "i=0; while [ $i -lt 3000 ]; do echo \"$i $PATH $PATH $PATH\" >&2; i=$((i+1)); done",
    ] {
        let reactions = started(&[shell(script, &[])]);
        tell(&reactions, "lift-1", "raised");
        assert_eq!(facts(&reactions, |facts| facts.done + facts.failed == 1).failing, None, "{script}");
    }
}

/// Whether a process is gone; one that nobody has waited for is.
fn is_gone(id: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(id).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// The numbers of a shell and of what it began, once it has written them.
fn ids(file: &Path) -> Vec<String> {
    until("the ids of processes", || {
        let text = fs::read_to_string(file).ok().filter(|text| text.ends_with("\n"))?;
        Some(text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).filter(|ids| ids.len() == 2)
    })
}

const HANGS: &str = "sleep 1000 & echo waiting >&2; echo $$ $! > \"$1\"; wait";

#[test]
fn one_that_hangs_is_killed_with_what_it_began() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, name) = path(&folder, "ids");
    let reactions =
        started_with(&[shell(HANGS, &[&name])], Limits { patience: Duration::from_secs(3), ..LIMITS });
    tell(&reactions, "lift-1", "raised");
    let ids = ids(&file);
    let why = failed(&reactions);
    assert!(why.contains("killed") && why.contains("(waiting)"), "{why}");
    until("its end", || ids.iter().all(|id| is_gone(id)).then_some(()));
}

#[test]
fn the_end_does_not_wait_for_one_that_hangs() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, name) = path(&folder, "ids");
    let reactions = started(&[shell(HANGS, &[&name])]);
    tell(&reactions, "lift-1", "raised");
    let ids = ids(&file);
    tell(&reactions, "lift-1", "ended");
    reactions.finish(Duration::ZERO);
    until("its end", || ids.iter().all(|id| is_gone(id)).then_some(()));
}

#[test]
fn what_others_may_write_is_not_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, name) = path(&folder, "siren");
    let (mark, marked) = path(&folder, "mark");
    fs::write(&program, format!("#!/bin/sh\ntouch {marked}\n")).expect("written");
    fs::set_permissions(&program, Permissions::from_mode(0o777)).expect("set");
    let reactions = started(&[running(&name, &["s3cret-argument"])]);
    tell(&reactions, "lift-1", "raised");
    let why = failed(&reactions);
    assert!(why.contains("may write") || why.contains("not root's"), "{why}");
    assert!(
        why.contains("chmod go-w") || why.contains("chown") || why.contains("/etc/firewarden/reactions"),
        "{why}"
    );
    reactions.finish(LONG);
    assert!(!mark.exists());
}

#[test]
fn what_cannot_be_run_is_said() {
    for (program, part) in [
        ("/etc/firewarden-no-such/siren", "not there"),
        ("/etc/passwd", "cannot be run"),
        ("/usr/bin", "not a file"),
    ] {
        let reactions = started(&[running(program, &[])]);
        tell(&reactions, "lift-1", "raised");
        let why = failed(&reactions);
        assert!(why.contains(part), "{program}: {why}");
    }
}
