//! Where files are put: a place that takes PUT, or a bucket of S3.
//!
//! A file counts as put when the target is known to hold its very bytes: it says so by their hash, or gives them back. Whether
//! it is put for the first time, again, or after a try that broke off makes no difference to what is asked and done.

mod local;
mod s3;
mod talk;
mod throttle;
mod urls;

#[cfg(test)]
pub(super) mod tests;

use std::{path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use s3::Keys;
use talk::{Held, Talk, When};
use throttle::Throttle;
pub(crate) use urls::Urls;

use super::super::{Refusal, quoted};
use crate::{
    address::Address,
    clock::{self, Clock},
    config::{self, Secret},
    domain::EvidenceRole,
    stop::Stop,
};

/// A file that is to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Its name below the target, with `/` between its parts.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// What it shows.
    pub role: EvidenceRole,
}

impl File {
    fn content_type(&self) -> &'static str {
        match self.role {
            EvidenceRole::Started | EvidenceRole::Raised | EvidenceRole::Ended => "image/jpeg",
            EvidenceRole::Clip if self.name.ends_with(".mkv") => "video/x-matroska",
            EvidenceRole::Clip => "video/mp4",
        }
    }

    /// As it is called in what people read.
    fn shown(&self) -> String {
        quoted(&self.name)
    }
}

/// A server answers, takes or gives something within this, or is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server says within this that it wants the body, or is sent it unasked: not all know that they may say so.
const WANTED: Duration = Duration::from_secs(1);

/// Where files are put.
#[derive(Debug)]
pub(crate) struct Target {
    urls: Urls,
    entry: Entry,
    ca: Option<PathBuf>,
    throttle: Throttle,
    clock: Arc<dyn Clock>,
    patience: Duration,
    wanted: Duration,
}

/// By what a target lets this box in.
#[derive(Debug)]
enum Entry {
    /// It asks for nothing.
    Open,
    /// The value of a header `Authorization`.
    Basic(Secret),
    /// Each request is signed.
    S3(Keys),
}

impl Target {
    /// Where this configuration has files put; none where it has no `upload`.
    pub fn new(evidence: &config::Evidence) -> Option<Self> {
        Self::by(evidence, Arc::new(clock::System))
    }

    fn by(evidence: &config::Evidence, clock: Arc<dyn Clock>) -> Option<Self> {
        let urls = Urls::new(evidence)?;
        let entry = match &evidence.s3 {
            Some(s3) => Entry::S3(Keys::new(s3)),
            None => evidence.upload.as_ref().and_then(basic).map_or(Entry::Open, Entry::Basic),
        };
        Some(Self {
            urls,
            entry,
            ca: evidence.upload_ca.clone(),
            throttle: Throttle::new(evidence.upload_rate.0, Arc::clone(&clock)),
            clock,
            patience: PATIENCE,
            wanted: WANTED,
        })
    }

    /// The address of the file of this name, as alerts tell it.
    #[cfg(test)]
    pub fn url(&self, name: &str) -> String {
        self.urls.url(name)
    }

    /// Puts a file. It is done when the target is known to hold exactly its bytes; one that is there already is not sent again.
    /// It blocks for as long as the file takes, a server that says nothing for a minute at most; `stop` is heard between two
    /// blocks of the body.
    ///
    /// # Errors
    /// [`Refusal::Permanent`] where the file is no longer what it was, or the target will never take it; any other reason passes
    /// or can be mended.
    pub fn put(&self, file: &File, stop: &Stop) -> Result<(), Refusal> {
        if file.name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Refusal::permanent(format!("{} is no name of a file of evidence", file.shown())));
        }
        let hash = local::check(file, stop)?;
        let talk = Talk::new(self, file, hash, stop)?;
        let first = talk.put(When::NotThere)?;
        let last = match first.status() {
            // Something is there already: perhaps this file, of a try whose answer was lost.
            409 | 412 if talk.held()? == Held::Same => return Ok(()),
            // 501: it does not know the condition.
            409 | 412 | 501 => talk.put(When::Anyway)?,
            _ => first,
        };
        last.taken()?;
        let held = match talk.held()? {
            Held::Same => return Ok(()),
            Held::Other => "other bytes",
            Held::Nothing => "nothing",
        };
        Err(Refusal::transient(format!(
            "it says that it stored {} and holds {held} there: what it stores cannot be relied on",
            file.shown()
        )))
    }
}

/// What a user and a password in an address come to, as they are sent.
fn basic(upload: &Address) -> Option<Secret> {
    let user = upload.parts()?.user?;
    let bytes: Vec<u8> = percent_decode_str(user).collect();
    let whole = if bytes.contains(&b':') { bytes } else { [bytes.as_slice(), b":"].concat() };
    Some(Secret::from(format!("Basic {}", STANDARD.encode(whole)).as_str()))
}
