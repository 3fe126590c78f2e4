//! `[evidence]`: where evidence is kept, and where it is put.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    places::{Places, days, seconds},
    secret::{HIDDEN, Secret},
    section::{Faults, Table, join, read_whole, read_whole_rest, take_table},
    size::ByteSize,
    web,
};
use crate::{
    address::{Address, Parts},
    duration,
};

/// `[evidence]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Where live cameras' evidence is kept; `analyze` keeps it in its result folder.
    #[serde(default = "default_evidence")]
    pub directory: PathBuf,
    /// How much of a clip lies before the moment a violation was raised.
    #[serde(with = "duration", default = "default_roll")]
    #[schemars(with = "duration::Written")]
    pub pre_roll: Duration,
    /// How much of a clip lies after that moment.
    #[serde(with = "duration", default = "default_roll")]
    #[schemars(with = "duration::Written")]
    pub post_roll: Duration,
    /// How long evidence is kept.
    #[serde(with = "duration", default = "default_keep")]
    #[schemars(with = "duration::Written")]
    pub keep: Duration,
    /// How much room it may take, such as `20GB`.
    #[serde(default = "default_budget")]
    pub budget: ByteSize,
    /// An address of HTTP below which each file is put, by its name; with `s3`, the address of the service, whose path begins the
    /// keys of all files. Default: none.
    #[serde(default)]
    pub upload: Option<Address>,
    /// How much of the line uploads may take, a second: `10kB` to `1GB`.
    #[serde(default = "default_rate")]
    pub upload_rate: ByteSize,
    /// A PEM file of the authority that vouches for the server of `upload`. Default: those of the system.
    #[serde(default)]
    pub upload_ca: Option<PathBuf>,
    /// The bucket into which files are put, where `upload` is a service that speaks as Amazon's S3. Default: it is not.
    #[serde(default)]
    pub s3: Option<S3>,
}

/// A bucket of a service that speaks as Amazon's S3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its name.
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$"))]
    pub bucket: String,
    /// Where it lies, as requests are signed for.
    #[serde(default = "default_region")]
    #[schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$"))]
    pub region: String,
    /// The name of the key that requests are signed with.
    #[schemars(length(min = 1, max = 128))]
    pub access_key: String,
    /// The key itself, by `${NAME}` or `${file:PATH}`.
    pub secret_key: Secret,
    /// Where the bucket's name stands in addresses.
    #[serde(default)]
    pub style: S3Style,
}

/// Where the name of a bucket stands in addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum S3Style {
    /// At the head of the path, as most services want it.
    #[default]
    Path,
    /// Before the host, as those of clouds want it.
    Host,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            directory: default_evidence(),
            pre_roll: default_roll(),
            post_roll: default_roll(),
            keep: default_keep(),
            budget: default_budget(),
            upload: None,
            upload_rate: default_rate(),
            upload_ca: None,
            s3: None,
        }
    }
}

fn default_evidence() -> PathBuf {
    "evidence".into()
}

fn default_roll() -> Duration {
    Duration::from_secs(5)
}

fn default_keep() -> Duration {
    Duration::from_secs(90 * 86_400)
}

fn default_budget() -> ByteSize {
    ByteSize::gigabytes(20)
}

fn default_rate() -> ByteSize {
    ByteSize::megabytes(1)
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

/// A clip of more than this around a moment is a slip of the pen: it copies that much of the recording.
const LONGEST_ROLL: Duration = seconds(600);

/// Reads `[evidence]`, and notes what is wrong with it.
pub(super) fn read_evidence(mut table: Table<'_>, faults: &Faults<'_>) -> Option<Evidence> {
    const PATH: &str = "evidence";
    let places = Places::of(&table, PATH, faults);
    let s3 = take_table(&mut table, "s3", PATH, faults).and_then(|table| {
        let path = join(PATH, "s3");
        let places = Places::of(&table, &path, faults);
        let s3: S3 = read_whole(table, &path, faults)?;
        s3.check(&places);
        Some((s3, places))
    });
    let mut evidence: Evidence = read_whole_rest(table, PATH, faults)?;
    evidence.check(&places);
    if places.has("s3") {
        let parts = evidence.upload.as_ref().and_then(Address::parts);
        if evidence.upload.is_none() && !places.has("upload") {
            places
                .fault("s3", "it goes with `upload`, the address of the service, such as https://s3.example");
        }
        if parts.is_some_and(|parts| parts.user.is_some()) {
            places.fault(
                "upload",
                "user name and password do not belong here: `s3` has `access_key` and `secret_key`",
            );
        }
        if let (Some((s3, of_s3)), Some(parts)) = (&s3, parts) {
            s3.check_host(parts, of_s3);
        }
    }
    evidence.s3 = s3.map(|(s3, _)| s3);
    Some(evidence)
}

impl Evidence {
    fn check(&self, places: &Places<'_, '_>) {
        places.path("directory", &self.directory);
        for (key, roll) in [("pre_roll", self.pre_roll), ("post_roll", self.post_roll)] {
            if roll > LONGEST_ROLL {
                places.fault(
                    key,
                    format!(
                        "it must be no longer than {}: it copies as much of the recording",
                        duration::format(LONGEST_ROLL)
                    ),
                );
            }
        }
        let why =
            "what happened on one day is looked at on the next, and footage of people is not kept for ever";
        places.time("keep", self.keep, (days(1), days(3660)), why);
        let why = "a day's clips of some cameras take as much, and no disk is larger";
        places.size("budget", self.budget, (ByteSize::megabytes(100), ByteSize::gigabytes(100_000)), why);
        if let Some(upload) = &self.upload {
            web::check_below(upload, "upload", places);
        }
        let why = "a clip takes a day with less, and no line carries more";
        places.size("upload_rate", self.upload_rate, (ByteSize::kilobytes(10), ByteSize::gigabytes(1)), why);
        if let Some(ca) = &self.upload_ca {
            places.path("upload_ca", ca);
            match self.upload.as_ref().map(Address::parts) {
                None if !places.has("upload") => {
                    places.fault("upload_ca", "it goes with `upload`, whose server it is for");
                }
                Some(Some(parts)) if parts.scheme != "https" => {
                    places.fault(
                        "upload_ca",
                        "no certificate is shown without TLS: write `upload` with https://",
                    );
                }
                _ => {}
            }
        }
    }

    /// With relative paths taken from this folder.
    pub(super) fn located(self, folder: &Path) -> Self {
        Self {
            directory: folder.join(&self.directory),
            upload_ca: self.upload_ca.as_ref().map(|ca| folder.join(ca)),
            ..self
        }
    }

    /// Without what may not be shown.
    pub(super) fn redacted(&self) -> Self {
        let s3 = self.s3.clone().map(|s3| S3 { secret_key: Secret::from(HIDDEN), ..s3 });
        Self { upload: self.upload.as_ref().map(Address::redacted), s3, ..self.clone() }
    }
}

impl S3 {
    fn check(&self, places: &Places<'_, '_>) {
        let inner = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let outer = |c: char| c.is_ascii_alphanumeric();
        let is_name = (3..=63).contains(&self.bucket.len()) && self.bucket.chars().all(inner);
        if !(is_name && self.bucket.starts_with(outer) && self.bucket.ends_with(outer)) {
            places.fault(
                "bucket",
                "buckets are called by 3 to 63 letters, digits, - . and _, with a letter or digit at both ends",
            );
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !(1..=64).contains(&self.region.len()) || !self.region.chars().all(plain) {
            places
                .fault("region", "regions are called by 1 to 64 letters, digits, - and _, such as us-east-1");
        }
        places.line("access_key", &self.access_key, 128);
        if self.access_key.contains('/') || self.access_key.contains(char::is_whitespace) {
            places.fault("access_key", "it holds blanks or /: no such key has any");
        }
        places.line("secret_key", self.secret_key.expose(), 4_096);
    }

    /// A bucket that stands before a host is a part of its name.
    fn check_host(&self, upload: Parts<'_>, places: &Places<'_, '_>) {
        if self.style != S3Style::Host {
            return;
        }
        let is_number = upload.host.starts_with('[') || upload.host.parse::<std::net::Ipv4Addr>().is_ok();
        if is_number {
            places.fault(
                "style",
                "nothing can stand before an address of numbers: leave it out, or write \"path\"",
            );
        }
        if self.bucket.contains(|c: char| c.is_ascii_uppercase() || c == '_') {
            places.fault(
                "bucket",
                "capitals and _ do not go into a host's name: write style = \"path\", or take another bucket",
            );
        }
    }
}
