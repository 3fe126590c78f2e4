//! What a result says of the recordings it was made from.

use std::path::PathBuf;

use super::analysis::Analysed;
use crate::{
    config::Config,
    domain::{MediaTime, Notice, Noticed},
    files::{self, Stamp},
    results::SourceFact,
    source::labels,
    stop::Stop,
};

/// What tells whether a file was written to.
pub fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| Stamp::of(file)).collect()
}

/// Hashes a camera's recordings, for as long as it is not to stop. One that cannot be read has no hash.
pub fn hash(files: &[PathBuf], stop: &Stop) -> Vec<Option<String>> {
    files.iter().map(|path| files::sha256_while(path, &|| !stop.is_set()).ok()).collect()
}

/// What is said of the recordings. One that was written to while it was analysed, evidence included, is told of, and no hash
/// is shown as if it were that of what was looked at.
pub fn facts(
    config: &Config,
    recordings: &[Vec<PathBuf>],
    before: &[Vec<Option<Stamp>>],
    hashes: Vec<Vec<Option<String>>>,
    cameras: &mut [Analysed],
) {
    let mut hashes = hashes.into_iter();
    let all = config.cameras.iter().zip(recordings).zip(before).zip(cameras);
    for (((camera, files), before), analysed) in all {
        let mut hashes = hashes.next().unwrap_or_default().into_iter();
        for ((path, before), name) in files.iter().zip(before).zip(labels(files)) {
            let (after, mut sha256) = (Stamp::of(path), hashes.next().flatten());
            if before.is_some() && after != *before {
                let outcome = &mut analysed.outcome;
                let epoch = outcome.epochs.iter().find(|epoch| epoch.file.as_ref() == Some(&name));
                let at = epoch.map_or(MediaTime::ZERO, |epoch| epoch.from);
                let (camera, file) = (camera.id.clone(), name.clone());
                outcome.notices.push(Notice { camera, file, at, what: Noticed::Changed });
                sha256 = None;
            }
            let bytes = after.map(|stamp| stamp.bytes);
            analysed.sources.push(SourceFact { name, bytes, sha256 });
        }
    }
}
