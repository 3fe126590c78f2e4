//! The file as it lies on the disk: it must be what it was when it was written.

use std::{
    fs,
    io::{self, ErrorKind, Read},
};

use sha2::{Digest, Sha256};

use super::{File, Refusal, throttle::Throttle};
use crate::{files, stop::Stop};

/// SHA-256, as bytes.
pub(super) type Hash = [u8; 32];

/// Of a file that is only read, so much is read at once.
const BLOCK: usize = 64 << 10;

/// The hash of a file that is still what it was.
///
/// # Errors
/// [`Refusal::Permanent`] where it is gone or changed.
pub(super) fn check(file: &File, stop: &Stop) -> Result<Hash, Refusal> {
    // One byte more, to see that there are none.
    let mut read = open(file)?.take(file.bytes.saturating_add(1));
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        if stop.is_set() {
            return Err(stopped());
        }
        let some = read_some(&mut read, &mut block).map_err(|error| unread(file, &error))?;
        if some.is_empty() {
            break;
        }
        hasher.update(some);
        bytes += some.len() as u64;
    }
    let hash: Hash = hasher.finalize().into();
    match bytes == file.bytes && file.sha256.eq_ignore_ascii_case(&hexadecimal(&hash)) {
        true => Ok(hash),
        false => Err(changed(file)),
    }
}

/// Reads what is there, a block at most; nothing at the end.
pub(super) fn read_some<'b>(from: &mut impl Read, block: &'b mut [u8]) -> io::Result<&'b [u8]> {
    loop {
        match from.read(block) {
            Ok(count) => return Ok(block.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The body of a request: the file, as fast as the line may be used. Its last block is given only if all were what they should be.
pub(super) struct Body<'a> {
    file: &'a File,
    from: fs::File,
    left: u64,
    hasher: Sha256,
    hash: &'a Hash,
    throttle: &'a Throttle,
    stop: &'a Stop,
    /// Why it was not given to its end.
    fault: Option<Refusal>,
}

impl<'a> Body<'a> {
    pub fn open(
        file: &'a File,
        hash: &'a Hash,
        throttle: &'a Throttle,
        stop: &'a Stop,
    ) -> Result<Self, Refusal> {
        let from = open(file)?;
        Ok(Self { file, from, left: file.bytes, hasher: Sha256::new(), hash, throttle, stop, fault: None })
    }

    /// Why it was not given to its end; none where that was not the file's fault, nor of a stop.
    pub fn into_fault(self) -> Option<Refusal> {
        self.fault
    }

    fn give(&mut self, into: &mut [u8]) -> Result<usize, Refusal> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.throttle.block());
        let end = into.len().min(most);
        let into = into.get_mut(..end).unwrap_or_default();
        if into.is_empty() {
            return Ok(0);
        }
        self.throttle.wait(into.len(), self.stop);
        if self.stop.is_set() {
            return Err(stopped());
        }
        let some = read_some(&mut self.from, into).map_err(|error| unread(self.file, &error))?;
        self.hasher.update(some);
        self.left = self.left.saturating_sub(some.len() as u64);
        let is_short = some.is_empty();
        if is_short || (self.left == 0 && self.hasher.finalize_reset().as_slice() != self.hash) {
            return Err(changed(self.file));
        }
        Ok(some.len())
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.give(into).map_err(|refusal| {
            self.fault = Some(refusal);
            io::Error::other("the body ends here")
        })
    }
}

fn open(file: &File) -> Result<fs::File, Refusal> {
    files::open(&file.path).map_err(|error| unread(file, &error))
}

fn unread(file: &File, error: &io::Error) -> Refusal {
    let path = files::shown(file.path.as_os_str());
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            Refusal::permanent(format!("the file is gone: {path}"))
        }
        ErrorKind::InvalidInput | ErrorKind::IsADirectory => changed(file),
        _ => Refusal::transient(format!("the file cannot be read: {path}: {error}")),
    }
}

fn changed(file: &File) -> Refusal {
    let path = files::shown(file.path.as_os_str());
    Refusal::permanent(format!("the file is changed, it is not the evidence that was written: {path}"))
}

pub(super) fn stopped() -> Refusal {
    Refusal::transient("it was told to stop before the file was put")
}

fn hexadecimal(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
