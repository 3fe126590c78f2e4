use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::{
    address::Parts,
    config::{Evidence, S3, S3Style},
};

/// All but what stands for itself everywhere in an address, and in what S3 signs.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What makes the addresses of files that are put: without user, password or signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Urls {
    /// What stands before every name, with `/` at its end.
    base: String,
}

impl Urls {
    /// Where this configuration has files put; none where it has no `upload`.
    pub fn new(evidence: &Evidence) -> Option<Self> {
        let parts = evidence.upload.as_ref()?.parts()?;
        let base = match &evidence.s3 {
            None => format!("{}{}/", origin(parts, None), parts.path.trim_end_matches('/')),
            Some(s3) => of_bucket(parts, s3),
        };
        // Foreign letters are written as they are sent.
        Some(Self { base: Url::parse(&base).map_or(base, String::from) })
    }

    /// The address of the file of this name, whose parts `/` divides.
    pub fn url(&self, name: &str) -> String {
        format!("{}{}", self.base, encoded(name))
    }

    /// By what the target is reached.
    pub fn scheme(&self) -> &str {
        self.base.split(':').next().unwrap_or_default()
    }
}

fn origin(parts: Parts<'_>, bucket: Option<&str>) -> String {
    let Parts { scheme, host, .. } = parts;
    let port = parts.port.map(|port| format!(":{port}")).unwrap_or_default();
    let bucket = bucket.map(|bucket| format!("{bucket}.")).unwrap_or_default();
    format!("{scheme}://{bucket}{host}{port}")
}

fn of_bucket(parts: Parts<'_>, s3: &S3) -> String {
    let mut base = match s3.style {
        S3Style::Path => format!("{}/{}/", origin(parts, None), s3.bucket),
        S3Style::Host => format!("{}/", origin(parts, Some(&s3.bucket))),
    };
    let prefix = percent_decode_str(parts.path.trim_matches('/')).decode_utf8_lossy();
    if !prefix.is_empty() {
        base.push_str(&encoded(&prefix));
        base.push('/');
    }
    base
}

fn encoded(name: &str) -> String {
    let parts: Vec<String> =
        name.split('/').map(|part| utf8_percent_encode(part, ENCODED).to_string()).collect();
    parts.join("/")
}
