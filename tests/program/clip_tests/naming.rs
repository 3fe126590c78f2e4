//! The whole program on recordings with other names than one would wish.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, process::Command};

use crate::common::{
    assert_code,
    bench::{Bench, PARKING},
    firewarden, lines, stderr, street,
};

fn clip() -> String {
    format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10))
}

#[test]
fn a_recording_whose_name_is_not_utf8_is_analysed_and_shown_so_that_it_can_be_found() {
    let bench = Bench::new().camera("lane", "r/*.mp4", PARKING);
    fs::create_dir(bench.path("r")).expect("made");
    let made = bench.clip("lane.mp4", &clip());
    fs::rename(made, bench.path("r").join(OsStr::from_bytes(b"\xB6\xAB_20260131_080000.mp4")))
        .expect("renamed");
    let output = bench.run("out", &[]);
    assert_code(&output, 0);
    let shown = r"\xB6\xAB_20260131_080000.mp4";
    assert!(
        stderr(&output).contains(&format!("{shown} begins at 2026-01-31 08:00:00")),
        "{}",
        stderr(&output)
    );
    let found = bench.violations("out");
    assert_eq!((found.len(), found[0]["started"]["file"].as_str()), (1, Some(shown)));
    assert_eq!(lines(&bench.path("out/evidence/manifest.jsonl"))[0]["source"][0]["file"], shown);
    let page = fs::read_to_string(bench.path("out/report.html")).expect("the report");
    assert!(page.contains(shown) && !page.contains("not analysed"));
}

#[test]
fn files_of_one_name_are_told_apart_and_brackets_in_a_name_are_taken_as_they_are() {
    let bench = Bench::new().camera("lane", "cam[1]/*/*.mp4", PARKING);
    let made = bench.clip("lane.mp4", &clip());
    for day in ["2026-11-23", "2026-11-24"] {
        fs::create_dir_all(bench.path("cam[1]").join(day)).expect("made");
        fs::copy(&made, bench.path("cam[1]").join(day).join("08-00-00.mp4")).expect("a copy");
    }
    let output = bench.run("out", &[]);
    assert_code(&output, 0);
    assert!(!stderr(&output).contains("note:"), "{}", stderr(&output));
    let first = &bench.violations("out")[0];
    assert_eq!(first["started"]["file"], "2026-11-23/08-00-00.mp4");
    assert_eq!(first["wall_origin"], "path");
    let page = fs::read_to_string(bench.path("out/report.html")).expect("the report");
    assert!(page.contains("2026-11-24/08-00-00.mp4") && !page.contains("not analysed"));
}

#[test]
fn brackets_that_find_nothing_are_named() {
    let bench = Bench::new().camera("lane", "cam[12]/*.mp4", PARKING);
    let output = bench.run("out", &[]);
    assert_code(&output, 3);
    assert!(stderr(&output).contains("[[]"), "{}", stderr(&output));
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let bench = Bench::new().camera("lane", "pipe.mp4", PARKING);
    let pipe = bench.path("pipe.mp4");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let output = bench.run("out", &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("pipe.mp4 is a named pipe"), "{}", stderr(&output));
    let (pipe, config) = (pipe.to_string_lossy(), bench.config("always.onnx"));
    let config = config.to_string_lossy();
    let out = bench.path("other");
    let out = out.to_string_lossy();
    for (args, code) in [
        (&["check", "--config", &pipe][..], 2),
        (&["replay", "--config", &config, "--out", &out, &pipe], 3),
        (&["eval", "--config", &config, "--truth", &pipe, "--out", &out], 2),
    ] {
        let output = firewarden(args);
        assert_code(&output, code);
        assert!(stderr(&output).contains("named pipe"), "{}", stderr(&output));
    }
}
