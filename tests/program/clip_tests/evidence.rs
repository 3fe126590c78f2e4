//! Evidence from end to end: what is kept of a violation, that it can be verified, and what is said where it cannot be
//! kept.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use exif::{In, Tag};
use serde_json::Value;

use crate::common::{
    assert_code,
    bench::{Bench, PARKING},
    clip, command, firewarden, lines, stderr, stdout, street,
};

const H264: &str = "-c:v libx264 -g 20 -bf 2 -pix_fmt yuv420p";

/// A car that stands from 23:59:50 on, for as long as the rule holds: until midnight.
fn before_midnight() -> Bench {
    let bench = Bench::new().camera(
        "lane",
        "20260131_235950.mp4",
        &format!("{PARKING}schedule = [\"23:00-24:00\"]\n"),
    );
    bench.clip("20260131_235950.mp4", &format!("{} {H264}", street(14, 10)));
    assert_code(&bench.run("out", &[]), 0);
    bench
}

fn verify(folder: &Path) -> std::process::Output {
    firewarden(&["verify", &folder.to_string_lossy()])
}

fn roles(violation: &Value, key: &str) -> Vec<String> {
    let files = violation[key].as_array().into_iter().flatten();
    files.map(|file| file["role"].as_str().expect("a role").to_owned()).collect()
}

#[test]
fn a_violation_leaves_three_stills_and_a_clip_that_are_listed_and_verified() {
    let bench = before_midnight();
    let out = bench.path("out");
    let found = bench.violations("out");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["ended"]["media_s"], 10.0);
    assert_eq!(roles(&found[0], "evidence"), ["started", "raised", "ended", "clip"]);
    assert_eq!(found[0].get("missing"), None);

    let manifest = lines(&out.join("evidence/manifest.jsonl"));
    assert_eq!(manifest.len(), 4);
    for entry in &manifest {
        assert_eq!(entry["violation"], found[0]["id"]);
        let file =
            found[0]["evidence"].as_array().expect("files").iter().find(|f| f["name"] == entry["name"]);
        let file = file.expect("both lists have it");
        assert_eq!((&file["sha256"], &file["bytes"]), (&entry["sha256"], &entry["bytes"]));
        assert_eq!(entry["source"][0]["file"], "20260131_235950.mp4");
        assert_eq!(entry.get("shortfalls").and_then(|s| s[0]["what"].as_str()), None, "{entry}");
    }
    let clip = manifest.iter().find(|entry| entry["role"] == "clip").expect("a clip");
    // Raised after 5 s, with 5 s before and after it; key frames come every 2 s.
    assert_eq!(clip["first_s"], 0.0);
    assert!((10.0..10.6).contains(&clip["last_s"].as_f64().expect("a time")), "{clip}");

    let output = verify(&out);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("; 0 not as listed"), "{}", stdout(&output));
    // Without this program, too.
    let by_hand = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(&out)
        .status();
    assert!(by_hand.expect("sha256sum is there").success());
    let report = fs::read_to_string(out.join("report.html")).expect("a report");
    let sums = stdout(&output)
        .lines()
        .last()
        .and_then(|line| line.rsplit(' ').next().map(str::to_owned))
        .expect("a hash");
    assert!(report.contains(&sums), "the report shows the hash of the list");
}

#[test]
fn a_still_says_camera_time_and_rule_wherever_it_is_copied_to() {
    let bench = before_midnight();
    let entry = &lines(&bench.path("out/evidence/manifest.jsonl"))[0];
    for entry in
        lines(&bench.path("out/evidence/manifest.jsonl")).iter().filter(|entry| entry["role"] != "clip")
    {
        let bytes =
            fs::read(bench.path("out").join(entry["name"].as_str().expect("a name"))).expect("a still");
        let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(bytes)).expect("Exif");
        let text = |tag| exif.get_field(tag, In::PRIMARY).expect("the field").display_value().to_string();
        let role = entry["role"].as_str().expect("a role");
        assert!(
            text(Tag::ImageDescription)
                .contains(&format!("camera lane; rule lane/fire_lane_parking; {role}"))
        );
        let time = match role {
            "started" => "2026-01-31 23:59:50",
            "raised" => "2026-01-31 23:59:55",
            _ => "2026-02-01 00:00:00",
        };
        assert_eq!(text(Tag::DateTimeOriginal), time);
        assert_eq!(text(Tag::OffsetTimeOriginal), "\"+08:00\"");
    }
    assert!(
        entry["name"]
            .as_str()
            .is_some_and(|name| name.starts_with("evidence/lane_fire_lane_parking_20260131T155955Z_"))
    );
}

#[test]
fn the_table_opens_in_a_chinese_spreadsheet() {
    let bench = before_midnight();
    let bytes = fs::read(bench.path("out/violations.csv")).expect("a table");
    assert!(bytes.starts_with("\u{feff}".as_bytes()), "without the mark it is taken for GBK");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let rows: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(rows.len(), 2, "a heading and a violation");
    assert!(rows[1].contains("车辆占用消防车通道,fire_lane_parking,lane/fire_lane_parking,2026-01-31 23:59:50,2026-01-31 23:59:55,2026-02-01 00:00:00,10.0,小型汽车,0.90"), "{}", rows[1]);
}

#[test]
fn verify_names_what_is_missing_changed_or_not_listed() {
    let bench = before_midnight();
    let out = bench.path("out");
    let named = |role: &str| {
        let manifest = lines(&out.join("evidence/manifest.jsonl"));
        let entry = manifest.iter().find(|entry| entry["role"] == role).expect("an entry");
        entry["name"].as_str().expect("a name").to_owned()
    };
    let (gone, changed) = (named("started"), named("clip"));
    fs::remove_file(out.join(&gone)).expect("removed");
    let mut bytes = fs::read(out.join(&changed)).expect("a clip");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(out.join(&changed), bytes).expect("written");
    fs::write(out.join("evidence/stranger.jpg"), "x").expect("written");
    let raised = named("raised");
    fs::rename(out.join(&raised), out.join("elsewhere.jpg")).expect("moved");
    std::os::unix::fs::symlink(out.join("elsewhere.jpg"), out.join(&raised)).expect("linked");
    let mut table = fs::read_to_string(out.join("violations.jsonl")).expect("lines");
    table = table.replace("\"confidence\":0.9", "\"confidence\":0.1");
    fs::write(out.join("violations.jsonl"), table).expect("written");
    let output = verify(&out);
    assert_code(&output, 1);
    let said = stdout(&output);
    let problems: BTreeSet<&str> =
        said.lines().filter(|line| line.contains(": ") && !line.starts_with("SHA-256")).collect();
    let expected = [
        format!("missing: {gone}"),
        format!("changed: {changed}"),
        format!("not a file: {raised}"),
        "not listed: evidence/stranger.jpg".to_owned(),
        "not listed: elsewhere.jpg".to_owned(),
        "changed: violations.jsonl".to_owned(),
    ];
    assert_eq!(problems, expected.iter().map(String::as_str).collect());
}

#[test]
fn a_folder_that_is_no_result_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = verify(folder.path());
    assert_code(&output, 2);
    assert!(stderr(&output).contains("is not the result of an analysis"), "{}", stderr(&output));
    let output = verify(&folder.path().join("absent"));
    assert_code(&output, 2);
    assert!(stderr(&output).contains("is not a folder"), "{}", stderr(&output));
    fs::write(folder.path().join("violations.jsonl"), "").expect("written");
    let output = verify(folder.path());
    assert_code(&output, 1);
    assert!(stderr(&output).contains("is unfinished"), "{}", stderr(&output));
    // A list that leads out of the folder is not followed.
    fs::create_dir(folder.path().join("evidence")).expect("made");
    let line = format!("{{\"name\":\"../etc/passwd\",\"sha256\":\"{}\"}}\n", "0".repeat(64));
    fs::write(folder.path().join("evidence/manifest.jsonl"), line).expect("written");
    let output = verify(folder.path());
    assert_code(&output, 1);
    assert!(
        stderr(&output).contains("manifest.jsonl:1: \"../etc/passwd\" is no path within the folder"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn evidence_that_cannot_be_kept_does_not_keep_a_violation_from_being_reported() {
    let bench = Bench::new().camera("lane", "20260131_235950.mp4", PARKING);
    bench.clip("20260131_235950.mp4", &format!("{} {H264}", street(12, 10)));
    // Nothing can be written where a file has the folder's name, whoever runs this.
    let child = bench.start("out", &["--paced", "8"]);
    bench.appears("out.partial/observations");
    bench.write("out.partial/evidence", b"in the way");
    let output = child.wait_with_output().expect("it ends");
    assert_code(&output, 1);
    let said = stderr(&output);
    assert!(stdout(&output).contains("fire_lane_parking"), "{}", stdout(&output));
    assert!(said.contains("warning: camera lane: "), "{said}");
    assert!(!said.contains("disk full") && !said.contains("results are in"), "{said}");
    assert!(
        said.contains("the result is unfinished, as not all of it could be written: it is in "),
        "{said}"
    );
    let found = bench.violations("out.partial");
    assert_eq!(roles(&found[0], "evidence"), Vec::<String>::new());
    assert_eq!(roles(&found[0], "missing"), ["started", "raised", "clip"]);
    assert_eq!(found[0]["missing"][0]["cause"], "not_written");
    assert!(
        found[0]["missing"][0]["reason"].as_str().is_some_and(|reason| reason.contains("cannot be written"))
    );
    let report = fs::read_to_string(bench.path("out.partial/report.html")).expect("a report all the same");
    assert!(report.contains("缺失证据") && report.contains("证据文件无法写入"));
    assert_eq!(fs::read(bench.path("out.partial/evidence")).expect("still there"), b"in the way");
}

/// The manifest's entry of the only clip.
fn clip_entry(bench: &Bench) -> Value {
    let manifest = lines(&bench.path("out/evidence/manifest.jsonl"));
    let mut clips = manifest.into_iter().filter(|entry| entry["role"] == "clip");
    let clip = clips.next().expect("a clip");
    assert!(clips.next().is_none());
    clip
}

#[test]
fn a_clip_goes_on_in_the_next_file_where_its_coding_is_the_same_and_says_so_where_it_is_not() {
    for (second, pieces, shortfall) in [(H264, 2, None), ("-c:v mpeg4 -g 20", 1, Some("stream_changes"))] {
        let bench = Bench::new().camera("lane", "2026*.mp4", PARKING);
        bench.clip("20260131_235950.mp4", &format!("{} {H264}", street(8, 10)));
        bench.clip("20260131_235958.mp4", &format!("{} {second}", street(8, 10)));
        assert_code(&bench.run("out", &[]), 0);
        let entry = clip_entry(&bench);
        assert_eq!(entry["source"].as_array().map(Vec::len), Some(pieces), "{entry}");
        assert_eq!(entry["shortfalls"][0]["what"].as_str(), shortfall, "{entry}");
        assert_code(&verify(&bench.path("out")), 0);
    }
}

#[test]
fn a_clip_has_what_there_is_of_a_recording_that_ends() {
    let bench = Bench::new().camera("lane", "20260131_235950.mkv", PARKING);
    let whole = clip(bench.path("").as_path(), "whole.mkv", &format!("{} {H264}", street(14, 10)));
    let bytes = fs::read(whole).expect("a clip");
    bench.write("20260131_235950.mkv", &bytes[..bytes.len() / 2]);
    // Cut off, which is told and is not the fault of the evidence.
    assert_code(&bench.run("out", &[]), 3);
    let entry = clip_entry(&bench);
    let (first, last) =
        (entry["first_s"].as_f64().expect("a time"), entry["last_s"].as_f64().expect("a time"));
    assert!(first == 0.0 && (5.0..9.0).contains(&last), "{entry}");
    let what: Vec<&str> =
        entry["shortfalls"].as_array().expect("a list").iter().filter_map(|s| s["what"].as_str()).collect();
    assert!(what.contains(&"ends_early"), "{entry}");
    let path = bench.path("out").join(entry["name"].as_str().expect("a name"));
    let decoded = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(path)
        .args(["-f", "null", "-"])
        .output()
        .expect("ffmpeg");
    assert!(decoded.status.success() && decoded.stderr.is_empty(), "{}", stderr(&decoded));
}

#[test]
fn an_evaluation_compares_with_the_truth_and_refuses_one_that_is_none() {
    let bench = Bench::new().camera("lane", "20260131_235950.mp4", PARKING);
    bench.clip("20260131_235950.mp4", &format!("{} {H264}", street(12, 10)));
    let config = bench.config("always.onnx");
    let eval = |truth: &str, more: &[&str]| {
        let truth = bench.write("truth.csv", truth.as_bytes());
        command()
            .args(["eval", "--config"])
            .arg(&config)
            .arg("--truth")
            .arg(truth)
            .args(more)
            .output()
            .expect("it starts")
    };
    let output = eval("camera,kind,start_s,end_s\nlane,fire_lane_parking,0.5,\n", &["--json"]);
    assert_code(&output, 0);
    let found: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(
        (&found["total"]["precision"], &found["total"]["recall"]),
        (&Value::from(1.0), &Value::from(1.0))
    );
    assert_eq!(found["total"]["start_error_s"]["worst"], 0.5);
    assert_eq!(found["total"]["raised_after_s"]["median"], 4.5);

    let kept = bench.path("kept").to_string_lossy().into_owned();
    let output = eval("camera,kind,start_s,end_s\n", &["--out", &kept]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("fire_lane_parking"), "{}", stdout(&output));
    let report = fs::read_to_string(bench.path("kept/report.html")).expect("a report");
    assert!(report.contains("与实际情况对照"));
    assert_code(&verify(&bench.path("kept")), 0);

    let output = eval("camera,kind,start_s,stop_s\nlobby,fire_lane_parking,0,5\n", &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("truth.csv:1: "), "{}", stderr(&output));
    let faulty = "camera,kind,start_s,end_s\nlobby,fire_lane_parking,0,5\nlane,fire_lane_parking,5,9\nlane,fire_lane_parking,8,10\n";
    let output = eval(faulty, &[]);
    assert_code(&output, 2);
    for said in ["truth.csv:2: ", "lobby", "truth.csv:4: ", "overlap"] {
        assert!(stderr(&output).contains(said), "{said}: {}", stderr(&output));
    }

    fs::remove_file(bench.path("20260131_235950.mp4")).expect("it is there");
    let output = eval("camera,kind,start_s,end_s\nlane,fire_lane_parking,0.5,\n", &[]);
    assert_code(&output, 3);
    assert!(stderr(&output).contains("20260131_235950.mp4: not found"), "{}", stderr(&output));
}
