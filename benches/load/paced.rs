//! What becomes of so many recordings that are analysed at the pace of cameras: the yardstick.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::site::{Bench, Kind, configuration};
use crate::watch::{clips, words::Result};

/// A look may be judged so much later than its picture is sent, in seconds, in the mean of a recording. Recordings wait where there are too
/// many: then it grows without end.
const LATE: f64 = 2.0;
/// So much longer than its recordings an analysis may take: what it begins and ends with, evidence and report.
const LONGER: f64 = 10.0;

/// What was seen of it.
#[derive(Debug)]
pub struct Analysed {
    /// How much longer it took than its recordings, in seconds.
    longer: f64,
    /// How late looks were judged, in the mean of the recording where that is most.
    late: f64,
}

impl Analysed {
    pub fn is_carried(&self) -> bool {
        self.late < LATE && self.longer < LONGER
    }

    pub fn line(&self) -> String {
        let verdict = if self.is_carried() { "holds" } else { "too many" };
        format!(
            "{verdict} (judged {:.2} s late in the mean, {:.1} s longer than the recordings)",
            self.late, self.longer
        )
    }
}

/// Analyses so many recordings of this length, all at once.
pub fn analysed(bench: &Bench, count: usize, length: Duration) -> Result<Analysed> {
    let (busy, quiet) = (clips::lasting(&bench.busy, length)?, clips::lasting(&bench.quiet, length)?);
    let folder = bench.folder.join(format!("paced-{count}"));
    fs::create_dir_all(&folder)?;
    let source = |camera| if Kind::of(camera) == Kind::Elevator { &quiet } else { &busy };
    let sources: Vec<String> = (0..count).map(|camera| source(camera).display().to_string()).collect();
    let config = folder.join("site.toml");
    fs::write(&config, configuration(&sources))?;
    let began = Instant::now();
    let mut command = Command::new(&bench.binary);
    command
        .args(["analyze", "--paced", "--json", "--config"])
        .arg(&config)
        .arg("--out")
        .arg(folder.join("out"));
    let output = command.args(["--threads", &bench.threads.to_string()]).output()?;
    if !output.status.success() {
        return Err(format!("analyze: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let longer = began.elapsed().as_secs_f64() - length.as_secs_f64();
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let means = told["cameras"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|camera| camera["behind_s"]["mean"].as_f64());
    fs::remove_dir_all(&folder)?;
    Ok(Analysed { longer, late: means.fold(0.0, f64::max) })
}
