//! The file of the sink, read as it grows.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::PathBuf,
    time::SystemTime,
};

use jiff::Timestamp;
use serde_json::Value;

use crate::watch::words::Result;

/// A violation that was raised, as it came.
#[derive(Debug, Clone)]
pub struct Line {
    /// The violation's.
    pub id: String,
    pub camera: String,
    /// When its line was there.
    pub came: SystemTime,
    /// The wall time of the picture with which it was raised.
    pub raised: SystemTime,
    /// How many stills it names.
    pub stills: usize,
}

/// The file, read up to here.
pub struct Sink {
    path: PathBuf,
    read: u64,
}

impl Sink {
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// What has come since the last time of violations that were raised.
    pub fn new_lines(&mut self) -> Result<Vec<Line>> {
        let Ok(mut file) = File::open(&self.path) else { return Ok(Vec::new()) };
        file.seek(SeekFrom::Start(self.read))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let came = SystemTime::now();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        self.read += whole as u64;
        let mut lines = Vec::new();
        for line in text[..whole].lines() {
            let alert: Value = serde_json::from_str(line)?;
            if alert["type"] != "firewarden.violation.raised" {
                continue;
            }
            let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let stills = alert["data"]["evidence"].as_array().map_or(0, Vec::len);
            let raised: Timestamp = of(&alert["data"]["raised"]["wall"]).parse()?;
            lines.push(Line {
                id: of(&alert["subject"]),
                camera: of(&alert["data"]["camera"]),
                came,
                raised: SystemTime::try_from(raised)?,
                stills,
            });
        }
        Ok(lines)
    }
}
