//! Where files are put, as somebody tries it who sets it up.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{
    super::Refusal,
    target::{File, Target},
};
use crate::{config::Evidence, domain::EvidenceRole, files, stop::Stop};

/// The name of what is put.
pub const TRIED: &str = "firewarden-test.jpg";

/// Puts a file of a few bytes where files of evidence are put, and sees that it is there. None where no files are put anywhere.
///
/// # Errors
/// What the target answers, or what keeps it from being reached.
pub fn try_upload(evidence: &Evidence) -> Option<Result<(), Refusal>> {
    Target::new(evidence).map(|target| put(&target))
}

fn put(target: &Target) -> Result<(), Refusal> {
    // Other bytes each time: what is there already is not sent again, and the target would not be tried.
    let bytes = format!("a test of firewarden, {}\n", Timestamp::now());
    let name = format!("firewarden-test-{}-{}", std::process::id(), Timestamp::now().as_nanosecond());
    let path = std::env::temp_dir().join(name);
    let unwritten = |error: io::Error| {
        let path = files::shown(path.as_os_str());
        Refusal::transient(format!("{path} cannot be written: {}", files::reason(&error)))
    };
    write(&path, bytes.as_bytes()).map_err(unwritten)?;
    let file = File {
        name: TRIED.to_owned(),
        path: path.clone(),
        sha256: format!("{:x}", Sha256::digest(&bytes)),
        bytes: bytes.len() as u64,
        role: EvidenceRole::Raised,
    };
    let done = target.put(&file, &Stop::default());
    let _ = fs::remove_file(&path);
    done
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::{
        super::target::tests::fake::{Fake, Reply, Tells},
        *,
    };

    #[test]
    fn a_target_is_tried_with_a_file_of_its_own_each_time() {
        let fake = Fake::start(|_, _| Reply::Honest(Tells::ReprDigest));
        let upload = format!("http://127.0.0.1:{}/e/", fake.port);
        let evidence = Evidence { upload: Some(upload.into()), ..Evidence::default() };
        let held = || fake.stored("/e/firewarden-test.jpg").expect("it is there");
        assert_eq!(try_upload(&evidence), Some(Ok(())));
        let first = held();
        assert_eq!(try_upload(&evidence), Some(Ok(())));
        assert_ne!(held(), first);
        assert_eq!(try_upload(&Evidence::default()), None);
    }

    #[test]
    fn a_target_that_is_not_there_is_told() {
        let upload = "http://127.0.0.1:1/up".to_owned();
        let evidence = Evidence { upload: Some(upload.into()), ..Evidence::default() };
        assert!(matches!(try_upload(&evidence), Some(Err(Refusal::Transient { .. }))));
    }
}
