//! A result folder from beginning to end: an earlier one is never lost, whatever becomes of the run; what was found is kept;
//! and the report is verified like the rest.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Child, Command, Output},
};

use crate::common::{
    assert_code,
    bench::{Bench, PARKING},
    command, contents, firewarden, lines, stderr, stdout, street,
};

const CODED: &str = "-c:v libx264 -g 20 -pix_fmt yuv420p";

/// A lane with a car on it, eight seconds long.
fn lane() -> Bench {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} {CODED}", street(8, 10)));
    bench
}

fn verify(folder: &Path) -> Output {
    firewarden(&["verify", &folder.to_string_lossy()])
}

/// Every byte of a result, the report's included.
fn whole(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all: BTreeMap<String, Vec<u8>> = contents(folder).into_iter().collect();
    for name in ["report.html", "report.sha256"] {
        all.insert(name.to_owned(), fs::read(folder.join(name)).expect("it is there"));
    }
    all
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
}

#[test]
fn a_result_that_is_there_is_kept_unless_it_is_to_be_replaced() {
    let bench = lane();
    assert_code(&bench.run("out", &[]), 0);
    let before = whole(&bench.path("out"));
    let output = bench.run("out", &[]);
    assert_code(&output, 2);
    let said = stderr(&output);
    assert!(said.contains(&*bench.path("out").to_string_lossy()) && said.contains("--replace"), "{said}");
    assert_eq!(whole(&bench.path("out")), before);
    assert!(!bench.path("out.partial").exists());

    let output = bench.run("out", &["--replace"]);
    assert_code(&output, 0);
    assert_ne!(whole(&bench.path("out")), before, "the report tells when it was made");
    assert_code(&verify(&bench.path("out")), 0);
    for left in ["out.partial", "out.earlier", "out/.firewarden-lock", "out/.firewarden-replaced"] {
        assert!(!bench.path(left).exists(), "{left}");
    }
}

#[test]
fn what_ends_a_run_leaves_the_earlier_result_and_says_where_the_new_one_is() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let bench = lane();
        assert_code(&bench.run("out", &[]), 0);
        let before = whole(&bench.path("out"));
        let child = bench.start("out", &["--replace", "--paced", "0.5"]);
        bench.appears("out.partial/observations/lane.jsonl");
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        assert_code(&output, code);
        let said = stderr(&output);
        let partial = bench.path("out.partial").to_string_lossy().into_owned();
        assert!(said.contains(&format!("stopped before its end: it is in {partial}")), "{said}");
        assert!(said.contains("stands as it was") && !said.contains("results are in"), "{said}");
        assert_eq!(whole(&bench.path("out")), before);
        assert!(bench.path("out.partial/violations.jsonl").exists());
        let report = fs::read_to_string(bench.path("out.partial/report.html")).expect("a report");
        assert!(report.contains("stopped by hand"));
        let output = verify(&bench.path("out.partial"));
        assert_code(&output, 1);
        assert!(stderr(&output).contains("is unfinished"), "{}", stderr(&output));
        // The next run takes the place of what is unfinished, and says so.
        let output = bench.run("out", &["--replace"]);
        assert_code(&output, 0);
        assert!(stderr(&output).contains("an earlier run left in"), "{}", stderr(&output));
        assert!(!bench.path("out.partial").exists());
        assert_code(&verify(&bench.path("out")), 0);
    }
}

#[test]
fn what_was_found_before_it_was_stopped_is_kept() {
    let bench = Bench::new().camera("lane", "a.mp4", PARKING);
    bench.clip("a.mp4", &format!("{} {CODED}", street(100, 5)));
    let child = bench.start("out", &["--paced", "4"]);
    let records = bench.path("out.partial/observations/lane.jsonl");
    // Once so much is written out, the car stands for longer than the rule allows.
    while fs::metadata(&records).map_or(0, |about| about.len()) < 24_000 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("it ends");
    assert_code(&output, 130);
    assert!(!bench.path("out").exists());
    assert!(lines(&records).len() > 20);
    let found = bench.violations("out.partial");
    assert_eq!((found.len(), &found[0]["ended"]), (1, &serde_json::Value::Null));
    assert!(bench.path("out.partial/violations.csv").exists());
    assert_eq!(stdout(&output), "", "a table would look as if that were all");
}

#[test]
fn a_run_that_could_look_at_nothing_takes_the_place_of_no_result() {
    let bench = lane();
    assert_code(&bench.run("out", &[]), 0);
    let before = whole(&bench.path("out"));
    fs::rename(bench.path("a.mp4"), bench.path("b.mp4")).expect("moved");
    let output = bench.run("out", &["--replace"]);
    assert_code(&output, 3);
    assert!(stderr(&output).contains("not one picture could be analysed"), "{}", stderr(&output));
    assert_eq!(whole(&bench.path("out")), before);
    assert!(bench.path("out.partial/report.html").exists());
    // Where there is none, it is a result like any other.
    assert_code(&bench.run("other", &[]), 3);
    assert_code(&verify(&bench.path("other")), 0);
}

#[test]
fn what_others_keep_in_a_folder_is_neither_mixed_with_a_result_nor_removed() {
    let bench = lane();
    assert_code(&bench.run("out", &[]), 0);
    for name in ["out/notes.txt", "out/evidence/notes.txt", "out/observations/notes.txt"] {
        bench.write(name, b"mine");
        for more in [&[][..], &["--replace"]] {
            let output = bench.run("out", more);
            assert_code(&output, 2);
            assert!(stderr(&output).contains(name), "{}", stderr(&output));
        }
        assert_eq!(fs::read(bench.path(name)).expect("still there"), b"mine");
        fs::remove_file(bench.path(name)).expect("removed");
    }
    for (folder, file) in [("mine", "mine/report.html"), ("out.partial", "out.partial/violations.jsonl")] {
        fs::create_dir(bench.path(folder)).expect("made");
        bench.write(file, b"mine");
    }
    let output = bench.run("mine", &["--replace"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("mine/report.html"), "{}", stderr(&output));
    assert_code(&bench.run("out", &["--replace"]), 2);
    assert_eq!(fs::read(bench.path("out.partial/violations.jsonl")).expect("still there"), b"mine");
    bench.write("file", b"mine");
    let output = bench.run("file", &["--replace"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("is not a folder"), "{}", stderr(&output));
}

#[test]
fn two_runs_do_not_write_into_one_folder_at_once() {
    let bench = lane();
    let mut child = bench.start("out", &["--paced", "0.5"]);
    bench.appears("out.partial/observations/lane.jsonl");
    let output = bench.run("out", &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("another run is writing into"), "{}", stderr(&output));
    assert!(bench.path("out.partial/observations/lane.jsonl").exists());
    child.kill().expect("killed");
    child.wait().expect("it ends");
    // What it leaves is locked no more.
    assert_code(&bench.run("out", &[]), 0);
}

#[test]
fn the_folder_one_is_in_is_filled_from_within() {
    let bench = lane();
    fs::create_dir(bench.path("out")).expect("made");
    let here = |more: &[&str]| {
        let mut run = command();
        run.args(["analyze", "--config"]).arg(bench.config("always.onnx")).args(["--out", "."]).args(more);
        run.current_dir(bench.path("out")).output().expect("the binary starts")
    };
    assert_code(&here(&[]), 0);
    assert_code(&verify(&bench.path("out")), 0);
    assert_code(&here(&[]), 2);
    let before = whole(&bench.path("out"));
    assert_code(&here(&["--replace"]), 0);
    assert_ne!(whole(&bench.path("out")), before);
    assert_code(&verify(&bench.path("out")), 0);
    let hidden = fs::read_dir(bench.path("out")).expect("a folder").flatten();
    let hidden = hidden.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(hidden.count(), 0);
}

#[test]
fn a_link_leads_to_the_folder_that_is_filled_and_parents_are_made() {
    let bench = lane();
    fs::create_dir(bench.path("real")).expect("made");
    std::os::unix::fs::symlink(bench.path("real/out"), bench.path("link")).expect("linked");
    for _ in 0..2 {
        assert_code(&bench.run("link", &["--replace"]), 0);
        assert!(bench.path("link").is_symlink());
        assert_code(&verify(&bench.path("real/out")), 0);
    }
    assert_code(&bench.run("new/and/deep/", &[]), 0);
    assert_code(&verify(&bench.path("new/and/deep")), 0);
}

#[test]
fn a_swap_that_was_cut_short_is_put_right() {
    let bench = lane();
    assert_code(&bench.run("out", &[]), 0);
    bench.write("out/.firewarden-replaced", b"");
    fs::rename(bench.path("out"), bench.path("out.earlier")).expect("moved");
    let output = bench.run("out", &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("the earlier result is there again"), "{}", stderr(&output));
    assert_code(&verify(&bench.path("out")), 0);
    assert!(!bench.path("out.earlier").exists());
}

#[test]
fn the_report_is_verified_like_the_rest() {
    let bench = lane();
    assert_code(&bench.run("out", &[]), 0);
    let out = bench.path("out");
    let by_hand = || {
        let check = ["--check", "--strict", "--quiet", "report.sha256"];
        Command::new("sha256sum").args(check).current_dir(&out).status().expect("it is there").success()
    };
    assert!(by_hand());
    let sum = fs::read_to_string(out.join("report.sha256")).expect("a list");
    for fact in ["# firewarden ", "# made 2", "# took ", "# speed "] {
        assert!(sum.contains(fact), "{sum}");
    }
    let report = fs::read_to_string(out.join("report.html")).expect("a report");
    fs::write(out.join("report.html"), report.replacen("发现违规", "未见违规", 1)).expect("written");
    let output = verify(&out);
    assert_code(&output, 1);
    assert!(stdout(&output).contains("changed: report.html"), "{}", stdout(&output));
    assert!(!by_hand());
    fs::write(out.join("report.html"), &report).expect("written");
    assert_code(&verify(&out), 0);
    // The list is covered, too.
    let list = fs::read_to_string(out.join("SHA256SUMS")).expect("a list");
    let fewer: String =
        list.lines().filter(|l| !l.ends_with("violations.csv")).map(|l| format!("{l}\n")).collect();
    fs::write(out.join("SHA256SUMS"), fewer).expect("written");
    let output = verify(&out);
    assert_code(&output, 1);
    assert!(stdout(&output).contains("changed: SHA256SUMS"), "{}", stdout(&output));
    fs::write(out.join("SHA256SUMS"), list).expect("written");
    fs::remove_file(out.join("report.sha256")).expect("removed");
    let output = verify(&out);
    assert_code(&output, 1);
    assert!(stdout(&output).contains("missing: report.sha256"), "{}", stdout(&output));
    // Results of before have a report that speaks of no such file, and do not tell how the run went.
    fs::remove_file(out.join("run.json")).expect("removed");
    fs::write(out.join("report.html"), "<!DOCTYPE html>").expect("written");
    let output = verify(&out);
    assert_code(&output, 0);
    assert!(
        stdout(&output).contains("note: nothing tells whether report.html was changed"),
        "{}",
        stdout(&output)
    );
    // Every finished analysis left a report.
    fs::remove_file(out.join("report.html")).expect("removed");
    let output = verify(&out);
    assert_code(&output, 1);
    assert!(stdout(&output).contains("missing: report.html"), "{}", stdout(&output));
}

#[test]
fn a_replay_replaces_a_replay_alone_and_can_be_verified() {
    let bench = lane();
    assert_code(&bench.run("out", &[]), 0);
    let replay = |out: &str, from: &str, more: &[&str]| {
        let mut replay = command();
        replay
            .args(["replay", "--config"])
            .arg(bench.config("always.onnx"))
            .arg("--out")
            .arg(bench.path(out));
        replay.args(more).arg(bench.path(from)).output().expect("the binary starts")
    };
    let records = "out/observations/lane.jsonl";
    assert_code(&replay("again", records, &[]), 0);
    assert_code(&verify(&bench.path("again")), 0);
    let output = replay("again", records, &[]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("--replace"), "{}", stderr(&output));
    assert_code(&replay("again", records, &["--replace"]), 0);
    let before = whole(&bench.path("out"));
    let elsewhere = bench.path("records.jsonl");
    fs::copy(bench.path(records), &elsewhere).expect("copied");
    let output = replay("out", "records.jsonl", &["--replace"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("holds the result of an analysis"), "{}", stderr(&output));
    assert_eq!(whole(&bench.path("out")), before);
    bench.write("again/violations.jsonl", b"{}\n");
    let output = verify(&bench.path("again"));
    assert_code(&output, 1);
    assert!(stdout(&output).contains("changed: violations.jsonl"), "{}", stdout(&output));
}

#[test]
fn a_recording_that_is_written_to_meanwhile_is_told_and_no_hash_stands_for_it() {
    let bench = lane();
    assert_code(&bench.run("still", &[]), 0);
    let report = fs::read_to_string(bench.path("still/report.html")).expect("a report");
    let hash = report.split("<strong><bdi>a.mp4").nth(1).expect("the recording").contains("SHA-256 ");
    assert!(hash && !report.contains("was written to"));
    let child = bench.start("out", &["--paced", "4"]);
    bench.appears("out.partial/observations/lane.jsonl");
    // Added at its end: what is being read stays as it is.
    let mut grown = fs::OpenOptions::new().append(true).open(bench.path("a.mp4")).expect("the recording");
    std::io::Write::write_all(&mut grown, b"\0\0\0\x08free").expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_code(&output, 0);
    assert!(stderr(&output).contains("was written to, or went away"), "{}", stderr(&output));
    let report = fs::read_to_string(bench.path("out/report.html")).expect("a report");
    let recording = report.split("<strong><bdi>a.mp4").nth(1).and_then(|rest| rest.split("</li>").next());
    assert!(recording.is_some_and(|told| !told.contains("SHA-256")), "{recording:?}");
    assert!(report.contains("was written to, or went away"));
}

#[test]
fn no_camera_that_waits_holds_a_file_open() {
    let mut bench = Bench::new();
    bench.clip("a.mp4", &format!("{} {CODED}", street(1, 2)));
    for number in 0..150 {
        bench = bench.camera(&format!("c{number}"), "a.mp4", PARKING);
    }
    let limited = |out: &str, more: &str| {
        let run = format!(
            "ulimit -n 100; exec '{}' analyze --threads 2 --config '{}' --out '{}' {more}",
            env!("CARGO_BIN_EXE_firewarden"),
            bench.config("always.onnx").display(),
            bench.path(out).display()
        );
        Command::new("sh").args(["-c", &run]).output().expect("it starts")
    };
    assert_code(&limited("out", ""), 0);
    assert_eq!(fs::read_dir(bench.path("out/observations")).expect("records").count(), 150);
    let output = limited("paced", "--paced 100");
    assert_code(&output, 2);
    assert!(stderr(&output).contains("ulimit -n 364"), "{}", stderr(&output));
}

/// A disk of so many kilobytes takes the place of a folder for as long as a command runs; what it left there is copied out.
/// None where this machine lets nobody mount anything.
fn on_a_small_disk(kilobytes: u32, disk: &Path, kept: &Path, command: &str) -> Option<Output> {
    let allowed = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: nothing can be mounted here");
        return None;
    }
    let script = format!(
        "mount -t tmpfs -o size={kilobytes}k none '{disk}' && cd / && {{ {command}; code=$?; cp -r '{disk}'/. '{kept}'; exit $code; }}",
        disk = disk.display(),
        kept = kept.display(),
    );
    Some(Command::new("unshare").args(["-rm", "sh", "-c", &script]).output().expect("it starts"))
}

#[test]
fn a_disk_that_evidence_fills_loses_neither_the_violations_nor_the_report() {
    let bench = lane();
    for folder in ["disk", "kept"] {
        fs::create_dir(bench.path(folder)).expect("made");
    }
    let before = |out: &Path| {
        format!(
            "'{}' analyze --config '{}' --out '{}'",
            env!("CARGO_BIN_EXE_firewarden"),
            bench.config("always.onnx").display(),
            out.display()
        )
    };
    let run = before(&bench.path("disk/out"));
    let Some(output) = on_a_small_disk(220, &bench.path("disk"), &bench.path("kept"), &run) else { return };
    assert_code(&output, 1);
    let said = stderr(&output);
    assert!(said.contains("is the disk full?"), "{said}");
    for line in said.lines() {
        assert!(line.matches("no room is left").count() < 2, "{line}");
    }
    let found = bench.violations("kept/out");
    assert_eq!(found.len(), 1, "{said}");
    assert!(found[0]["missing"].as_array().is_some_and(|missing| !missing.is_empty()), "{found:?}");
    assert!(bench.path("kept/out/report.html").exists(), "{said}");
    assert!(said.contains("results are in"), "{said}");
}
