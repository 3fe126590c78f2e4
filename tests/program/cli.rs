//! The command line: exit codes, and what is said where something is wrong.

use crate::common::{assert_code, firewarden, lines, root, stderr};

fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    path.to_string_lossy().into_owned()
}

#[test]
fn a_wrong_configuration_is_told_whole_with_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = write(
        &folder,
        "bad.toml",
        "[site]\nid = \"s\"\n[[camera]]\nid = \"c\"\nsource = \"a.mp4\"\n[[camera.rule]]\nkind = \"fire_lane_parking\"\n\
         zone = [[0, 0], [1, 1], [1, 0], [0, 1]]\ndwel = \"60s\"\n",
    );
    let output = firewarden(&["check", "--config", &config]);
    assert_code(&output, 2);
    let said = stderr(&output).replace(&config, "bad.toml");
    insta::assert_snapshot!("faults", said);
}

#[test]
fn what_cannot_work_is_refused_with_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let live = write(
        &folder,
        "live.toml",
        "[site]\nid = \"s\"\n[[camera]]\nid = \"c\"\nsource = \"rtsp://viewer:s3cret@10.0.0.1/s\"\n[[camera.rule]]\n\
         kind = \"ebike_in_elevator\"\n",
    );
    for (args, said) in [
        (vec!["analyze", "--config", "absent.toml", "--out", "x"], "absent.toml cannot be read"),
        (vec!["analyze", "--config", &live, "--out", "x"], "is a live camera"),
        (vec!["detect", "--model", "yolox-nona", "a.jpg"], "yolox-nano"),
        (vec!["detect", "--confidence", "2", "a.jpg"], "between 0 and 1"),
        (vec!["frobnicate"], "unrecognized subcommand"),
    ] {
        let output = firewarden(&args);
        assert_code(&output, 2);
        assert!(stderr(&output).contains(said), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("s3cret"));
    }
}

#[test]
fn what_run_cannot_watch_is_told_at_the_start_with_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    for (keys, said) in [
        ("source = \"nothing/*.mp4\"", "no file to play"),
        (
            "source = \"rtsp://10.0.0.1/s\"\nsubstream = \"rtsp://10.0.0.1/t\"",
            "a substream is not in use yet",
        ),
    ] {
        let config = format!(
            "[site]\nid = \"s\"\n[console]\nlisten = \"127.0.0.1:0\"\n[[camera]]\nid = \"c\"\n{keys}\n[[camera.rule]]\n\
             kind = \"ebike_in_elevator\"\n"
        );
        let config = write(&folder, "site.toml", &config);
        let output = firewarden(&["run", "--config", &config]);
        assert_code(&output, 2);
        assert!(
            stderr(&output).contains(said) && stderr(&output).contains("camera c"),
            "{}",
            stderr(&output)
        );
        assert!(!folder.path().join("state").exists(), "nothing was begun");
    }
}

#[test]
fn a_cause_is_said_once() {
    let output = firewarden(&["analyze", "--config", "absent.toml", "--out", "x"]);
    assert_eq!(stderr(&output).matches("No such file").count(), 1, "{}", stderr(&output));
}

#[test]
fn recorded_observations_are_replayed() {
    let samples = root().join("samples/observations");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let config = samples.join("lane-3.toml").to_string_lossy().into_owned();
    let mut files: Vec<_> = std::fs::read_dir(&samples)
        .expect("recorded observations")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    let mut found = String::new();
    for file in files {
        let output =
            firewarden(&["replay", "--replace", "--config", &config, "--out", &out, &file.to_string_lossy()]);
        assert_code(&output, 0);
        found += &format!("{}\n", file.file_name().unwrap_or_default().to_string_lossy());
        for violation in lines(&folder.path().join("out/violations.jsonl")) {
            let [started, raised, ended] =
                ["started", "raised", "ended"].map(|moment| violation[moment]["media_s"].to_string());
            found += &format!("  {} from {started}, raised {raised}, ended {ended}\n", violation["rule"]);
        }
    }
    insta::assert_snapshot!("replayed", found);
}

#[test]
fn observations_of_two_analyses_and_a_finished_result_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = root().join("samples/observations/lane-3.toml").to_string_lossy().into_owned();
    let file = root().join("samples/observations/above-parking.jsonl").to_string_lossy().into_owned();
    let out = folder.path().join("out");
    let replay = ["replay", "--config", &config, "--out", &out.to_string_lossy(), &file, &file];
    let output = firewarden(&replay);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("goes back"), "{}", stderr(&output));
    std::fs::create_dir_all(out.join("evidence")).expect("made");
    std::fs::write(out.join("evidence/manifest.jsonl"), "").expect("written");
    let output = firewarden(&replay[..6]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("name another folder for --out"), "{}", stderr(&output));
    assert!(!out.join("violations.jsonl").exists());
}

#[test]
fn a_line_that_is_no_observation_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = root().join("samples/observations/lane-3.toml").to_string_lossy().into_owned();
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let file = write(&folder, "bad.jsonl", "\n{\"record\":\"observation\",\"camera\":\"x\"}\n");
    let output = firewarden(&["replay", "--config", &config, "--out", &out, &file]);
    assert_code(&output, 3);
    assert!(stderr(&output).contains("bad.jsonl:2: this is no observation"), "{}", stderr(&output));
    let stranger = write(
        &folder,
        "stranger.jsonl",
        "{\"record\":\"gap\",\"camera\":\"nobody\",\"epoch\":0,\"from\":0.0,\"to\":null,\"reason\":\"offline\"}\n",
    );
    let output = firewarden(&["replay", "--replace", "--config", &config, "--out", &out, &stranger]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("has no camera nobody"), "{}", stderr(&output));
}
