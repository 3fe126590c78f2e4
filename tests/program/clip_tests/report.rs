//! A result tells of itself: its report is made again from what else lies in its folder.

use std::{fs, process::Command};

use crate::common::{
    assert_code,
    bench::{Bench, PARKING},
    firewarden, stderr, stdout, street,
};

const CODED: &str = "-c:v libx264 -g 20 -pix_fmt yuv420p";

/// A lane with a car on it, analysed.
fn analysed() -> Bench {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} {CODED}", street(8, 10)));
    assert_code(&bench.run("out", &[]), 0);
    bench
}

fn report(bench: &Bench, folder: &str, args: &[&str]) -> std::process::Output {
    let folder = bench.path(folder);
    firewarden(&[&["report", &*folder.to_string_lossy()], args].concat())
}

#[test]
fn the_report_of_a_result_is_made_again_byte_by_byte() {
    let bench = analysed();
    let names = ["report.html", "report.sha256", "run.json"];
    let read = || names.map(|name| fs::read(bench.path("out").join(name)).expect("it is there"));
    let before = read();
    // The configuration is not needed.
    fs::remove_file(bench.path("firewarden.toml")).expect("it was there");
    fs::remove_file(bench.path("out/report.html")).expect("it was there");
    fs::write(bench.path("out/report.sha256"), "lost\n").expect("written");
    let output = report(&bench, "out", &[]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("fire_lane_parking"), "{}", stdout(&output));
    assert_eq!(read(), before);
    assert_code(&firewarden(&["verify", &bench.path("out").to_string_lossy()]), 0);
    let listed: serde_json::Value =
        serde_json::from_str(&stdout(&report(&bench, "out", &["--json"]))).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
}

#[test]
fn a_result_that_was_changed_gets_no_new_report() {
    let bench = analysed();
    let stills = fs::read_dir(bench.path("out/evidence")).expect("a folder");
    let still = stills
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|end| end == "jpg"))
        .expect("a still");
    for path in [bench.path("out/violations.jsonl"), bench.path("out/outcome.json"), still] {
        let (sound, page) =
            (fs::read(&path).expect("read"), fs::read(bench.path("out/report.html")).expect("read"));
        let mut changed = sound.clone();
        changed[10] ^= 1;
        fs::write(&path, changed).expect("written");
        let output = report(&bench, "out", &[]);
        assert_code(&output, 1);
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(
            stderr(&output).contains(&name) && stderr(&output).contains("was changed"),
            "{}",
            stderr(&output)
        );
        assert_eq!(fs::read(bench.path("out/report.html")).expect("read"), page);
        fs::write(&path, sound).expect("written");
    }
    assert_code(&report(&bench, "out", &[]), 0);
}

#[test]
fn what_is_no_whole_result_is_told_so() {
    let bench = analysed();
    let output = report(&bench, "nothing", &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("is not a folder"), "{}", stderr(&output));
    let records = bench.path("out/observations/lane.jsonl");
    let replayed = firewarden(&[
        "replay",
        "--config",
        &bench.path("firewarden.toml").to_string_lossy(),
        "--out",
        &bench.path("replayed").to_string_lossy(),
        &records.to_string_lossy(),
    ]);
    assert_code(&replayed, 0);
    let output = report(&bench, "replayed", &[]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("has no outcome.json"), "{}", stderr(&output));
    fs::remove_file(bench.path("out/evidence/manifest.jsonl")).expect("it was there");
    let output = report(&bench, "out", &[]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("is unfinished"), "{}", stderr(&output));
}

#[test]
fn what_a_run_that_is_killed_had_found_lies_in_its_journal() {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} {CODED}", street(100, 5)));
    let mut child = bench.start("out", &["--paced", "4"]);
    bench.has_a_line("out.partial/journal/lane.jsonl");
    let killed =
        Command::new("kill").args(["-KILL", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    child.wait().expect("it ends");
    let journal = fs::read_to_string(bench.path("out.partial/journal/lane.jsonl")).expect("a journal");
    assert!(journal.contains("\"phase\":\"raised\""), "{journal}");
    let output = report(&bench, "out.partial", &[]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("is unfinished"), "{}", stderr(&output));
    // The next run takes its place.
    assert_code(&bench.run("out", &[]), 0);
    assert!(!bench.path("out.partial").exists() && !bench.path("out/journal").exists());
}
