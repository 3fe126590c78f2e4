//! What several test programs share: the binary, clips made by FFmpeg, and a model made by hand.
#![allow(dead_code, reason = "each test program uses its own part")]

pub mod bench;
mod made;
pub mod onnx;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// Runs the real binary.
pub fn firewarden(args: &[&str]) -> Output {
    command().args(args).output().expect("the binary starts")
}

/// The real binary with the store of fetched files in this checkout, unless the environment names another.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firewarden"));
    if std::env::var_os("FIREWARDEN_CACHE").is_none() {
        command.env("FIREWARDEN_CACHE", root().join(".cache"));
    }
    command.env_remove("RUST_BACKTRACE");
    command
}

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts the exit code, and shows what the program said where it is another.
pub fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", stdout(output), stderr(output));
}

/// A clip made with FFmpeg's command line; `args` stand between `ffmpeg` and the file's name.
pub fn clip(folder: &Path, name: &str, args: &str) -> PathBuf {
    made::make(folder, args, name)
}

/// A picture in which nothing moves but the noise of a sensor, so that it is not taken for a frozen one.
pub fn street(seconds: u32, rate: u32) -> String {
    format!("-f lavfi -i smptebars=size=320x240:rate={rate}:duration={seconds},noise=alls=10:allf=t")
}

/// The lines of a JSON Lines file.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Every file below a folder with its bytes, for comparison: of the report without when it was made, and how fast; and
/// without the files that tell just that.
pub fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                folders.push(entry);
            } else if !["report.sha256", "run.json"].iter().any(|own| entry.ends_with(own)) {
                let name = entry.strip_prefix(folder).expect("below it").to_string_lossy().into_owned();
                let bytes = std::fs::read(&entry).expect("readable");
                files.push(if name == "report.html" { (name, timeless(&bytes)) } else { (name, bytes) });
            }
        }
    }
    files.sort();
    files
}

/// Asserts that two result folders hold the same files with the same bytes.
pub fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (contents(a), contents(b));
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for ((name, left), (_, right)) in a.iter().zip(&b) {
        assert!(left == right, "{name} differs");
    }
}

/// A report without what it says of its own making.
fn timeless(report: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(report).expect("UTF-8");
    let mut parts = text.split("<dd class=\"own\">");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    let own: Vec<&str> = parts.collect();
    assert_eq!(own.len(), 2, "a report tells when it was made and how fast");
    kept.extend(own.iter().filter_map(|part| part.split_once("</dd>")).map(|(_, rest)| rest));
    kept.into_bytes()
}
