//! Files of evidence leave the box: each is put below one address, or into one bucket.

mod aside;
mod target;
mod trial;
mod uploader;

use target::{File, Target, Urls};
pub use trial::{TRIED, try_upload};
pub use uploader::{UploadFacts, Uploader};

use crate::{config::Evidence, ledger::database};

/// What says in alerts where files are put; none where this configuration keeps them on the box.
pub fn urls(evidence: &Evidence) -> Option<database::Urls> {
    let urls = Urls::new(evidence)?;
    Some(database::Urls::new(move |name| urls.url(name)))
}
