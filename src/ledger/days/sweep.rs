//! Old days go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::Settings;

/// Removes days that are older than they are kept, and the oldest where all take more than they may. A file that is none of ours
/// stays.
pub(super) fn sweep(settings: &Settings, now: Timestamp) {
    let oldest = oldest(settings, now);
    let mut days = days(&settings.folder);
    days.sort_by_key(|(day, ..)| *day);
    let mut bytes: u64 = days.iter().map(|(_, _, bytes)| bytes).sum();
    for (day, path, size) in days {
        let is_over = bytes > settings.budget;
        if (day < oldest || is_over) && fs::remove_file(&path).is_ok() {
            bytes = bytes.saturating_sub(size);
            tracing::info!("the looks of {day} were removed: {}", path.display());
        }
    }
}

/// The oldest day that is kept.
pub(super) fn oldest(settings: &Settings, now: Timestamp) -> Date {
    let keep = SignedDuration::try_from(settings.keep).unwrap_or(SignedDuration::MAX);
    settings.zone.to_datetime(now.checked_sub(keep).unwrap_or(Timestamp::MIN)).date()
}

/// Every day of every camera, with its bytes.
fn days(folder: &Path) -> Vec<(Date, PathBuf, u64)> {
    let mut days = Vec::new();
    for camera in fs::read_dir(folder).into_iter().flatten().flatten() {
        for file in fs::read_dir(camera.path()).into_iter().flatten().flatten() {
            let path = file.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let day = name.strip_suffix(".jsonl.gz").and_then(|day| day.parse().ok());
            let bytes = file.metadata().map(|metadata| metadata.len());
            if let (Some(day), Ok(bytes)) = (day, bytes) {
                days.push((day, path, bytes));
            }
        }
    }
    days
}
