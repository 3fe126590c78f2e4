mod bucket;
mod elsewhere;
pub mod fake;
mod plain;

use std::fs;

use fake::{Fake, Reply, Tells};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::*;
use crate::{clock::Manual, config::Evidence};

const NAME: &str = "2026-01-02/1号 楼_raised.jpg";
const PLACE: &str = "/e/2026-01-02/1%E5%8F%B7%20%E6%A5%BC_raised.jpg";

/// A file of several blocks, and the folder where it lies.
struct Kept {
    _folder: tempfile::TempDir,
    file: File,
    bytes: Vec<u8>,
}

fn kept() -> Kept {
    of_bytes((0..200_000_u32).map(|n| (n % 251) as u8).collect())
}

fn of_bytes(bytes: Vec<u8>) -> Kept {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("raised.jpg");
    fs::write(&path, &bytes).expect("written");
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let file =
        File { name: NAME.to_owned(), path, sha256, bytes: bytes.len() as u64, role: EvidenceRole::Raised };
    Kept { _folder: folder, file, bytes }
}

fn evidence(upload: String) -> Evidence {
    Evidence { upload: Some(upload.into()), ..Evidence::default() }
}

/// A target that waits by no real time for the line to be free, and for its server however long it takes.
fn target_of(evidence: &Evidence) -> Target {
    let clock = Arc::new(Manual::at(Timestamp::now()));
    let wanted = Duration::from_secs(60);
    Target { wanted, ..Target::by(evidence, clock).expect("an address") }
}

fn target(fake: &Fake) -> Target {
    target_of(&evidence(format!("http://box:s3cret%40@127.0.0.1:{}/e/", fake.port)))
}

fn put(target: &Target, kept: &Kept) -> Result<(), Refusal> {
    let done = target.put(&kept.file, &Stop::default());
    if let Err(refusal) = &done {
        let told = refusal.to_string();
        assert!(!told.contains("s3cret") && !told.contains("sig"), "{told}");
        assert!(!told.contains('\n'), "{told}");
    }
    done
}

/// Why a file was not put, which passes.
fn passing(target: &Target, kept: &Kept) -> String {
    match put(target, kept) {
        Err(Refusal::Transient { why, .. }) => why,
        other => panic!("it passes: {other:?}"),
    }
}

/// Why a file was not put, and never will be.
fn lasting(target: &Target, kept: &Kept) -> String {
    match put(target, kept) {
        Err(Refusal::Permanent { why }) => why,
        other => panic!("it is for good: {other:?}"),
    }
}
