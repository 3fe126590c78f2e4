//! The whole program on clips made by FFmpeg and a model made by hand: what comes out, and what is said of bad input.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{
    assert_code, assert_same,
    bench::{Bench, ELEVATOR, PARKING},
    command, firewarden, lines, onnx, stderr, stdout, street,
};

#[test]
fn a_car_that_stands_is_a_violation_with_a_still() {
    let bench = Bench::new().camera("lane", "20260131_235950.mp4", PARKING);
    bench.clip("20260131_235950.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(12, 10)));
    let output = bench.run("out", &["--json"]);
    assert_code(&output, 0);
    assert!(stderr(&output).contains("begins at 2026-01-31 23:59:50 (file name)"), "{}", stderr(&output));
    let found = bench.violations("out");
    assert_eq!(found.len(), 1, "{found:#?}");
    // The line itself is the contract, the order of its keys included; only the bytes of evidence may differ.
    let mut line = std::fs::read_to_string(bench.path("out/violations.jsonl")).expect("the lines");
    for file in found[0]["evidence"].as_array().expect("files") {
        line = line.replace(file["sha256"].as_str().expect("a hash"), "SHA256");
        line = line.replace(&format!("\"bytes\":{}", file["bytes"]), "\"bytes\":BYTES");
    }
    insta::assert_snapshot!("violation", line);
    let still = &found[0]["evidence"][0];
    let bytes =
        std::fs::read(bench.path("out").join(still["name"].as_str().expect("a name"))).expect("the still");
    assert_eq!(still["bytes"], bytes.len());
    let picture = image::load_from_memory(&bytes).expect("a JPEG");
    assert_eq!((picture.width(), picture.height()), (320, 240));
    let summary: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(summary["violations"], Value::Array(found.clone()));
    let records = lines(&bench.path("out/observations/lane.jsonl"));
    let text = std::fs::read_to_string(bench.path("out/observations/lane.jsonl")).expect("the lines");
    let looks: Vec<&str> = text.lines().take(2).collect();
    insta::assert_snapshot!("epoch", looks[0]);
    assert!(looks[1].starts_with(
        r#"{"record":"observation","camera":"lane","epoch":0,"at":0.0,"wall":"2026-01-31T15:59:50Z","looked":["#
    ));
    assert_eq!(records[1]["detections"][0]["class"], "car");
}

#[test]
fn what_is_looked_at_depends_on_neither_threads_nor_their_timing() {
    let mut bench = Bench::new();
    for (name, args) in [
        ("short.mp4", "-c:v libx264 -g 10 -bf 2"),
        ("long.mp4", "-c:v libx264 -g 250 -keyint_min 250 -sc_threshold 0"),
        ("odd.avi", "-c:v mpeg4 -g 37 -bf 2"),
    ] {
        bench.clip(name, &format!("{} {args} -pix_fmt yuv420p", street(14, 10)));
        let id = name.split('.').next().expect("a name");
        bench = bench.camera(id, name, &format!("{PARKING}{ELEVATOR}"));
    }
    for threads in ["1", "2", "3"] {
        assert_code(&bench.run(threads, &["--threads", threads, "--start", "2026-01-01T00:00:00Z"]), 0);
    }
    assert_same(&bench.path("1"), &bench.path("2"));
    assert_same(&bench.path("1"), &bench.path("3"));
    assert_eq!(bench.violations("1").len(), 6);
    assert_code(&bench.run("1", &["--threads", "2", "--start", "2026-01-01T00:00:00Z", "--replace"]), 0);
    assert_same(&bench.path("1"), &bench.path("2"));
}

#[test]
fn a_break_within_a_group_is_looked_across_alike_on_any_number_of_threads() {
    let bench = Bench::new().camera("lane", "broken.ts", PARKING);
    let whole = format!("{} -c:v libx264 -g 250 -keyint_min 250 -bf 0 -pix_fmt yuv420p", street(20, 10));
    let whole = bench.clip("whole.ts", &whole);
    // Five seconds are missing where no key frame is.
    let later = "setts=ts=TS+if(gte(N\\,101)\\,5/TB\\,0)";
    bench.clip("broken.ts", &format!("-i {} -c copy -bsf:v {later}", whole.display()));
    for threads in ["1", "4"] {
        assert_code(&bench.run(threads, &["--threads", threads, "--start", "2026-01-01T00:00:00Z"]), 0);
    }
    assert_same(&bench.path("1"), &bench.path("4"));
    let records = lines(&bench.path("4/observations/lane.jsonl"));
    let gaps: Vec<&Value> = records.iter().filter(|r| r["record"] == "gap").collect();
    assert!(gaps.iter().all(|gap| gap["reason"] != "damaged"), "{gaps:?}");
    let looked =
        |from: f64| records.iter().any(|r| r["record"] == "observation" && r["at"].as_f64() > Some(from));
    assert!(!gaps.is_empty() && looked(20.0), "{gaps:?}");
    let output = bench.run("again", &[]);
    assert!(!stderr(&output).contains("so far apart"), "{}", stderr(&output));
}

#[test]
fn a_camera_without_files_never_stops_the_others_either() {
    let bench = Bench::new().camera("none", "none-*.mp4", PARKING).camera("good", "good.mp4", PARKING);
    bench.clip("good.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    let output = bench.run("out", &[]);
    assert_code(&output, 3);
    assert!(stderr(&output).contains("camera none: no file to read"), "{}", stderr(&output));
    assert_eq!(bench.violations("out").len(), 1);
    let config = bench.config("always.onnx");
    let probed = firewarden(&["check", "--probe", "--config", &config.to_string_lossy()]);
    assert_code(&probed, 3);
    assert!(stderr(&probed).contains("camera none: no file to read"), "{}", stderr(&probed));
}

#[test]
fn a_folder_whose_name_looks_like_a_pattern_is_that_folder() {
    let bench = Bench::new().camera("lane", "2026*.mp4", PARKING);
    std::fs::create_dir(bench.path("[lf-027]")).expect("made");
    bench.clip(
        "[lf-027]/20260131_100000.mp4",
        &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)),
    );
    let text = std::fs::read_to_string(bench.config("always.onnx")).expect("the configuration");
    let config = bench.write("[lf-027]/firewarden.toml", text.as_bytes());
    let mut run = command();
    run.args(["analyze", "--config"]).arg(config).arg("--out").arg(bench.path("out"));
    assert_code(&run.output().expect("the binary starts"), 0);
    assert_eq!(bench.violations("out").len(), 1);
}

#[test]
fn what_an_interrupted_analysis_left_is_in_no_later_result() {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    for folder in ["out.partial/observations", "out.partial/evidence"] {
        std::fs::create_dir_all(bench.path(folder)).expect("made");
    }
    let left = [
        "out.partial/.firewarden-lock",
        "out.partial/observations/another.jsonl",
        "out.partial/evidence/x_started.jpg",
        "out.partial/evidence/.firewarden-a",
        "out.partial/.firewarden-b",
    ];
    for name in left {
        bench.write(name, b"half");
    }
    let output = bench.run("out", &[]);
    assert_code(&output, 0);
    assert!(stderr(&output).contains("an earlier run left in"), "{}", stderr(&output));
    assert!(left.iter().all(|name| !bench.path(name).exists()));
    assert_code(&firewarden(&["verify", &bench.path("out").to_string_lossy()]), 0);
}

#[test]
fn drawn_copies_replace_nothing() {
    let bench = Bench::new();
    let picture = bench.clip("a.jpg", "-f lavfi -i testsrc2=size=320x240 -frames:v 1");
    let before = std::fs::read(&picture).expect("the picture");
    let folder = bench.path("");
    for _ in 0..2 {
        let draw = ["detect", "--draw", &folder.to_string_lossy(), &picture.to_string_lossy()];
        assert_code(&firewarden(&draw), 0);
    }
    assert_eq!(std::fs::read(&picture).expect("the picture"), before);
    assert!(bench.path("a.drawn.jpg").exists() && bench.path("a.drawn-2.jpg").exists());
}

#[test]
fn results_are_kept_where_the_table_cannot_be_printed() {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    let full = std::fs::File::options().write(true).open("/dev/full").expect("a full disk");
    let config = bench.config("always.onnx");
    let mut run = command();
    run.args(["analyze", "--config"]).arg(config).arg("--out").arg(bench.path("out")).stdout(full);
    assert_code(&run.output().expect("the binary starts"), 1);
    assert_eq!(bench.violations("out").len(), 1);
    assert_code(&firewarden(&["verify", &bench.path("out").to_string_lossy()]), 0);
}

#[test]
fn nobody_reading_what_is_said_or_printed_changes_nothing() {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING).camera("unread", "absent.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    for json in [&[][..], &["--json"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let mut run = command();
        run.args(["analyze", "--config"])
            .arg(bench.config("always.onnx"))
            .arg("--out")
            .arg(bench.path("out"));
        run.arg("--replace").args(json).stderr(full).stdout(std::process::Stdio::piped());
        let mut child = run.spawn().expect("the binary starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("it ends").code(), Some(3), "a camera could not be read: {json:?}");
        assert_eq!(bench.violations("out").len(), 1);
        assert_code(&firewarden(&["verify", &bench.path("out").to_string_lossy()]), 0);
    }
}

#[test]
fn a_recording_in_the_folder_of_the_results_is_refused_and_left() {
    let bench = Bench::new().camera("lane", "out/evidence/a_clip.mp4", PARKING);
    std::fs::create_dir_all(bench.path("out/evidence")).expect("made");
    let clip =
        bench.clip("out/evidence/a_clip.mp4", &format!("{} -c:v libx264 -pix_fmt yuv420p", street(2, 10)));
    let output = bench.run("out", &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("camera lane: its recording"), "{}", stderr(&output));
    assert!(clip.exists());
}

#[test]
fn one_bad_recording_never_stops_the_others() {
    let bench = Bench::new();
    let good = bench.clip("good.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    let whole = std::fs::read(&good).expect("the clip");
    bench.write("empty.mp4", b"");
    bench.write("text.mp4", b"this is a note, not a recording\n".repeat(100).as_slice());
    bench.write("no-index.mp4", &whole[..whole.len() / 2]);
    bench.clip("sound.m4a", "-f lavfi -i sine=duration=2");
    let mkv = bench.clip("cut.mkv", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(30, 10)));
    let whole = std::fs::read(&mkv).expect("the clip");
    bench.write("cut.mkv", &whole[..whole.len() * 3 / 4]);
    // A codec that nobody knows: its name stands in the header.
    let text = |bytes: &[u8], name: &[u8]| bytes.windows(name.len()).position(|window| window == name);
    let mut unknown = whole.clone();
    let place = text(&unknown, b"V_MPEG4/ISO/AVC").expect("the codec's name");
    unknown[place..place + 7].copy_from_slice(b"V_XYZZY");
    bench.write("unknown.mkv", &unknown);
    let names = ["missing.mp4", "empty.mp4", "text.mp4", "no-index.mp4", "sound.m4a", "unknown.mkv"];
    let bench = names
        .iter()
        .enumerate()
        .fold(bench, |bench, (index, name)| bench.camera(&format!("bad-{index}"), name, PARKING));
    let bench = bench.camera("good", "good.mp4", PARKING).camera("cut", "cut.mkv", PARKING);
    let output = bench.run("out", &[]);
    assert_code(&output, 3);
    for name in names {
        let said = stderr(&output);
        assert!(
            said.lines().any(|line| line.starts_with("error: ") && line.contains(name)),
            "{name}:\n{said}"
        );
    }
    let cameras: Vec<Value> = bench.violations("out").iter().map(|v| v["camera"].clone()).collect();
    assert!(cameras.contains(&"good".into()) && cameras.contains(&"cut".into()), "{cameras:?}");
}

#[test]
fn a_picture_whose_size_changes_midway_is_still_looked_at() {
    let bench = Bench::new();
    let small =
        bench.clip("small.h264", "-f lavfi -i testsrc2=size=320x240:rate=10:duration=6 -c:v libx264 -g 20");
    let large =
        bench.clip("large.h264", "-f lavfi -i testsrc2=size=640x480:rate=10:duration=6 -c:v libx264 -g 20");
    let huge = bench.clip(
        "huge.h264",
        "-f lavfi -i testsrc2=size=7680x4320:rate=1:duration=2 -c:v libx264 -preset ultrafast -g 1",
    );
    let both = [small, large, huge].map(|path| std::fs::read(path).expect("the clip")).concat();
    bench.write("both.h264", &both);
    let bench = bench.camera("lane", "both.h264", PARKING);
    let output = bench.run("out", &[]);
    assert_code(&output, 0);
    let said = stderr(&output);
    assert!(said.contains("320 × 240 to 640 × 480") && said.contains("640 × 480 to 7680 × 4320"), "{said}");
    let looks = lines(&bench.path("out/observations/lane.jsonl"));
    assert!(looks.iter().filter(|record| record["record"] == "observation").count() > 10);
    assert_eq!(bench.violations("out").len(), 1);
}

#[test]
fn recordings_at_their_own_pace_give_the_same_and_say_when_there_are_too_many() {
    let mut bench = Bench::new();
    bench.clip("street.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(12, 10)));
    for camera in ["a", "b", "c", "d"] {
        bench = bench.camera(camera, "street.mp4", PARKING);
    }
    // Groups that are looked into while they grow: longer than the recording, of odd lengths, of open groups.
    for (camera, coded) in [
        ("long", "-g 500 -keyint_min 500 -sc_threshold 0 -bf 3"),
        ("odd", "-g 37 -keyint_min 37 -sc_threshold 0 -bf 0"),
        ("open", "-g 31 -bf 3 -x264-params open-gop=1"),
    ] {
        let clip = format!("{camera}.mp4");
        bench.clip(&clip, &format!("{} -c:v libx264 {coded} -pix_fmt yuv420p", street(12, 10)));
        bench = bench.camera(camera, &clip, PARKING);
    }
    assert_code(&bench.run("fast", &["--threads", "2"]), 0);
    assert_code(&bench.run("paced", &["--threads", "2", "--paced", "8"]), 0);
    let read = |name: &str| std::fs::read(bench.path(name)).expect("written");
    // With fewer cameras than threads no group is looked at before all of it is there.
    assert_code(&bench.run("whole", &["--threads", "8"]), 0);
    assert_eq!(read("fast/violations.jsonl"), read("paced/violations.jsonl"));
    for camera in ["a", "d", "long", "odd", "open"] {
        let name = format!("observations/{camera}.jsonl");
        assert_eq!(read(&format!("fast/{name}")), read(&format!("paced/{name}")), "{name}");
        assert_eq!(read(&format!("fast/{name}")), read(&format!("whole/{name}")), "{name}");
        assert!(lines(&bench.path(&format!("fast/{name}"))).len() > 6, "{name}");
    }
    let output = bench.run("wrong", &["--paced", "0"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("from 0.01 to 1000"), "{}", stderr(&output));
}

#[test]
fn damage_in_the_middle_is_a_gap_and_the_rest_is_analysed() {
    let bench = Bench::new();
    let path = bench.clip("damaged.ts", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(30, 10)));
    let mut bytes = std::fs::read(&path).expect("the clip");
    let (from, to) = (bytes.len() * 4 / 10, bytes.len() * 5 / 10);
    for (index, byte) in bytes[from..to].iter_mut().enumerate() {
        *byte = (index * 7919 % 251) as u8;
    }
    bench.write("damaged.ts", &bytes);
    let bench = bench.camera("lane", "damaged.ts", PARKING);
    let output = bench.run("out", &[]);
    let records = lines(&bench.path("out/observations/lane.jsonl"));
    let last = records.iter().rfind(|record| record["record"] == "observation").expect("a look");
    assert!(last["at"].as_f64().expect("a time") > 25.0, "{last}\n{}", stderr(&output));
    assert!(records.iter().any(|record| record["record"] == "gap"), "{}", stderr(&output));
    assert_eq!(bench.violations("out").len(), 1, "a gap neither ends nor repeats a stay");
}

#[test]
fn a_model_that_is_none_or_does_not_fit_is_refused() {
    let bench = Bench::new().camera("lane", "any.mp4", PARKING);
    bench.write("text.onnx", b"not a model");
    bench.write("other.onnx", &onnx::model(&[1, 3, 64, 64], &[1, 10, 7], &[0.0; 70]));
    bench.write("narrow.onnx", &onnx::model(&[1, 3, 64, 64], &[1, onnx::CELLS, 6], &[0.0; onnx::CELLS * 6]));
    for (model, said) in [
        ("text.onnx", "is not a model"),
        ("other.onnx", "does not fit the head"),
        ("narrow.onnx", "outputs 0 to 0"),
        ("absent.onnx", "cannot be read"),
    ] {
        let output = command()
            .args(["analyze", "--config"])
            .arg(bench.config(model))
            .arg("--out")
            .arg(bench.path("out"))
            .output()
            .expect("the binary starts");
        assert_code(&output, 2);
        assert!(stderr(&output).contains(said) && stderr(&output).contains(model), "{}", stderr(&output));
    }
}

#[test]
fn a_model_that_tells_nothing_a_rule_watches_for_is_refused_with_the_rules_name() {
    let bench = Bench::new().camera("lift", "absent.mp4", ELEVATOR);
    let text = std::fs::read_to_string(bench.config("always.onnx")).expect("the configuration");
    let path = bench.write("blind.toml", text.replace("ebike = [1]", "bicycle = [1]").as_bytes());
    let output = command()
        .args(["analyze", "--config"])
        .arg(path)
        .arg("--out")
        .arg(bench.path("out"))
        .output()
        .expect("the binary starts");
    assert_code(&output, 2);
    let said = stderr(&output);
    assert!(said.contains("lift/ebike_in_elevator") && said.contains("bicycle"), "{said}");
}

#[test]
fn a_rules_own_model_that_cannot_be_used_is_refused_with_the_rules_name() {
    let bench = Bench::new().camera("lift", "absent.mp4", ELEVATOR);
    let text = std::fs::read_to_string(bench.config("always.onnx")).expect("the configuration");
    let own = text.rfind("always.onnx").expect("the rule's model");
    let path = bench.write("own.toml", format!("{}text.onnx{}", &text[..own], &text[own + 11..]).as_bytes());
    bench.write("text.onnx", b"not a model");
    let output = command()
        .args(["analyze", "--config"])
        .arg(path)
        .arg("--out")
        .arg(bench.path("out"))
        .output()
        .expect("the binary starts");
    assert_code(&output, 2);
    let said = stderr(&output);
    assert!(said.contains("rule lift/ebike_in_elevator: ") && said.contains("is not a model"), "{said}");
}

#[test]
fn a_full_disk_is_said_and_the_analysis_goes_on() {
    if !Path::new("/dev/full").exists() {
        panic!("/dev/full is needed to stand for a full disk");
    }
    // The camera that the disk is full for has its turn after another, whose records tell that the run has begun.
    let bench = Bench::new().camera("first", "a.mp4", PARKING).camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(60, 10)));
    let child = bench.start("out", &["--threads", "1"]);
    bench.appears("out.partial/observations");
    std::os::unix::fs::symlink("/dev/full", bench.path("out.partial/observations/lane.jsonl"))
        .expect("linked before its turn");
    let output = child.wait_with_output().expect("it ends");
    assert_code(&output, 1);
    assert!(stderr(&output).contains("is the disk full?"), "{}", stderr(&output));
    assert!(stdout(&output).contains("fire_lane_parking"), "{}", stdout(&output));
    assert_eq!(bench.violations("out").len(), 2);
}

#[test]
fn files_of_a_glob_are_one_recording() {
    let bench = Bench::new().camera("lane", "2026*.mp4", PARKING);
    for name in ["20260131_100000.mp4", "20260131_100008.mp4", "20260131_100030.mp4"] {
        bench.clip(name, &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    }
    assert_code(&bench.run("out", &[]), 0);
    let records = lines(&bench.path("out/observations/lane.jsonl"));
    let epochs: Vec<f64> = records
        .iter()
        .filter(|r| r["record"] == "epoch")
        .map(|r| r["from"].as_f64().expect("a time"))
        .collect();
    assert_eq!(epochs, [0.0, 8.0, 30.0]);
    let gap = records.iter().rfind(|record| record["record"] == "gap").expect("a hole");
    assert_eq!((gap["from"].as_f64(), gap["to"].as_f64()), (Some(16.0), Some(30.0)));
    assert_eq!(bench.violations("out").len(), 1);
}

#[test]
fn a_recording_with_a_single_key_frame_is_read_in_chunks_to_its_end() {
    let bench = Bench::new();
    // Groups are cut at 3,000 packets; this one has 3,600, and the violation is raised in the second chunk.
    bench.clip(
        "endless.mp4",
        "-f lavfi -i smptebars=size=128x96:rate=10:duration=360,noise=alls=10:allf=t -c:v libx264 -preset ultrafast -g 99999 -keyint_min \
         99999 -sc_threshold 0 -bf 2 -pix_fmt yuv420p",
    );
    let bench = bench.camera("lane", "endless.mp4", &PARKING.replace("5s", "310s"));
    for threads in ["1", "3"] {
        assert_code(&bench.run(threads, &["--threads", threads, "--start", "2026-01-01T00:00:00Z"]), 0);
    }
    assert_same(&bench.path("1"), &bench.path("3"));
    let found = bench.violations("1");
    assert_eq!(found.len(), 1);
    assert!((310.0..312.3).contains(&found[0]["raised"]["media_s"].as_f64().expect("a time")), "{found:#?}");
    let roles: Vec<&str> =
        found[0]["evidence"].as_array().expect("files").iter().filter_map(|f| f["role"].as_str()).collect();
    assert_eq!(roles, ["started", "raised", "clip"], "the second still lies in the second chunk");
    let looks: Vec<f64> = lines(&bench.path("1/observations/lane.jsonl"))
        .iter()
        .filter(|record| record["record"] == "observation")
        .map(|record| record["at"].as_f64().expect("a time"))
        .collect();
    assert!(looks.last().is_some_and(|last| *last > 357.0), "{:?}", looks.last());
    assert!(looks.windows(2).all(|pair| pair[1] - pair[0] < 2.41), "{looks:?}");
}

/// A configuration with more keys under `[detector]`.
/// Where a zone needs only part of the picture, no more is looked at; the records say so, and what was not looked at is not
/// replayed as if it had been.
#[test]
fn what_no_zone_needs_is_not_looked_at_and_a_replay_does_not_pretend() {
    let corner = |at: f32| {
        let to = at + 0.1;
        format!(
            "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[{at},{at}],[{to},{at}],[{to},{to}],[{at},{to}]]\n\
             dwell = \"5s\"\n"
        )
    };
    let bench = Bench::new().camera("lane", "lane.mp4", &corner(0.1));
    bench.clip("lane.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(4, 10)));
    let region = |out: &str| {
        let epoch = &lines(&bench.path(out).join("observations/lane.jsonl"))[0];
        epoch["regions"].as_object().map(|regions| regions.values().cloned().collect::<Vec<_>>())
    };
    assert_code(&bench.run("part", &["--threads", "1"]), 0);
    assert_eq!(region("part"), Some(vec![json!([0.0, 0.0, 0.5, 0.5])]));
    let whole = with_detector(&bench, "whole.toml", "whole_picture = true");
    let mut analyze = command();
    analyze.args(["analyze", "--config", &whole, "--out"]).arg(bench.path("whole"));
    assert_code(&analyze.output().expect("the binary starts"), 0);
    assert_eq!(region("whole"), None);

    let moved =
        std::fs::read_to_string(&whole).expect("the configuration").replace(&corner(0.1), &corner(0.8));
    let moved = bench.write("moved.toml", moved.as_bytes());
    let replay = |observations: &str| {
        let mut replay = command();
        replay.args(["replay", "--replace", "--config"]).arg(&moved).arg("--out").arg(bench.path("again"));
        replay.arg(bench.path(observations).join("observations/lane.jsonl"));
        replay.output().expect("the binary starts")
    };
    let refused = replay("part");
    assert_code(&refused, 3);
    let said = stderr(&refused);
    assert!(said.contains("error: lane/fire_lane_parking: its zone reaches beyond"), "{said}");
    assert!(said.contains("[0, 0, 0.5, 0.5]") && said.contains("whole_picture = true"), "{said}");
    assert_code(&replay("whole"), 0);
}

fn with_detector(bench: &Bench, name: &str, keys: &str) -> String {
    let text = std::fs::read_to_string(bench.config("always.onnx")).expect("the configuration");
    let path = bench.write(name, text.replace("[detector]\n", &format!("[detector]\n{keys}\n")).as_bytes());
    path.to_string_lossy().into_owned()
}

#[test]
#[cfg_attr(any(feature = "openvino", feature = "cuda"), ignore = "the provider may be there")]
fn where_a_provider_is_not_there_the_cpu_runs_and_one_warning_says_so() {
    let bench = Bench::new().camera("a", "a.mp4", PARKING).camera("b", "a.mp4", ELEVATOR);
    bench.clip("a.mp4", &format!("{} -c:v libx264 -g 20 -pix_fmt yuv420p", street(8, 10)));
    let analyze = |out: &str, config: &str| {
        let out = bench.path(out).to_string_lossy().into_owned();
        let output = command()
            .args(["analyze", "--threads", "2", "--config", config, "--out", &out])
            .output()
            .expect("the binary starts");
        assert_code(&output, 0);
        stderr(&output)
    };
    let plain = with_detector(&bench, "plain.toml", "");
    assert!(!analyze("plain", &plain).contains("provider"));
    for provider in ["openvino", "cuda"] {
        let config = with_detector(&bench, "other.toml", &format!("provider = \"{provider}\""));
        let said = analyze(provider, &config);
        let warnings: Vec<&str> = said.lines().filter(|line| line.contains("provider")).collect();
        let [warning] = warnings[..] else { panic!("one warning is wanted:\n{said}") };
        for part in ["WARN", provider, &format!("--features {provider}"), "The CPU runs the models instead"] {
            assert!(warning.contains(part), "{part:?} is not in {warning:?}");
        }
        for file in ["violations.jsonl", "observations/a.jsonl", "observations/b.jsonl"] {
            let read = |out: &str| std::fs::read(bench.path(out).join(file)).expect("readable");
            assert!(read("plain") == read(provider), "{file} differs with {provider}");
        }
        let checked =
            command().args(["check", "--probe", "--config", &config]).output().expect("the binary starts");
        assert_code(&checked, 0);
        assert_eq!(stderr(&checked).matches("The CPU runs the models instead").count(), 1);
        assert!(stdout(&checked).contains("loaded, provider cpu"), "{}", stdout(&checked));
    }
}

#[test]
#[cfg_attr(any(feature = "openvino", feature = "cuda"), ignore = "the provider may be there")]
fn a_provider_that_is_required_and_not_there_ends_it_with_code_2_before_footage_is_opened() {
    let bench = Bench::new().camera("a", "absent.mp4", PARKING);
    let out = bench.path("out").to_string_lossy().into_owned();
    for provider in ["openvino", "cuda"] {
        let config =
            with_detector(&bench, "required.toml", &format!("provider = \"{provider}\"\nrequire = true"));
        for args in [
            vec!["analyze", "--config", &config, "--out", &out],
            vec!["check", "--probe", "--config", &config],
        ] {
            let output = command().args(&args).output().expect("the binary starts");
            assert_code(&output, 2);
            let said = stderr(&output);
            assert!(said.contains(&format!("the execution provider {provider} is not built in")), "{said}");
            assert!(said.contains("require = true") && !said.contains("absent.mp4"), "{said}");
        }
        assert!(!bench.path("out").exists());
    }
}
