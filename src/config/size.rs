use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A size in bytes, written as `500MB` or `20GB` (powers of ten, from `kB` to `TB`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-9]+\s*(kB|MB|GB|TB)\s*$"))]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// So many kilobytes.
    pub const fn kilobytes(number: u64) -> Self {
        Self(number * 1_000)
    }

    /// So many megabytes.
    pub const fn megabytes(number: u64) -> Self {
        Self(number * 1_000_000)
    }

    /// So many gigabytes.
    pub const fn gigabytes(number: u64) -> Self {
        Self(number * 1_000_000_000)
    }
}

impl TryFrom<String> for ByteSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shown: String = text.chars().take(40).collect();
        let error =
            || format!("{shown:?} is no size: write a whole number and kB, MB, GB or TB, such as \"20GB\"");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let (number, unit) = text.split_at(digits);
        let unit = match unit.trim() {
            "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            _ => return Err(error()),
        };
        let number: u64 = number.parse().map_err(|_| error())?;
        number.checked_mul(unit).map(Self).ok_or_else(error)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0MB"),
            b if b.is_multiple_of(1_000_000_000_000) => write!(f, "{}TB", b / 1_000_000_000_000),
            b if b.is_multiple_of(1_000_000_000) => write!(f, "{}GB", b / 1_000_000_000),
            b if b.is_multiple_of(1_000_000) => write!(f, "{}MB", b / 1_000_000),
            b => write!(f, "{}kB", b / 1_000),
        }
    }
}

impl From<ByteSize> for String {
    fn from(size: ByteSize) -> Self {
        size.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in [
            ("10kB", 10_000),
            ("1500kB", 1_500_000),
            ("512MB", 512_000_000),
            ("20GB", 20_000_000_000),
            ("1TB", 1_000_000_000_000),
        ] {
            assert_eq!(ByteSize::try_from(text.to_owned()), Ok(ByteSize(bytes)));
            assert_eq!(ByteSize(bytes).to_string(), text);
        }
        assert_eq!(ByteSize::try_from("1000 MB ".to_owned()), Ok(ByteSize::gigabytes(1)));
        for text in ["", "20", "20GiB", "GB", "-1GB", "1.5GB", "99999999999TB", "kB"] {
            assert!(ByteSize::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
