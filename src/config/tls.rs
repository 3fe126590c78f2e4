//! By what a camera is known that shows a certificate.

use std::{fmt, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// By what a camera's certificate is known, where no authority of the system vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TlsKeys", into = "TlsKeys")]
pub enum Tls {
    /// It is this very certificate.
    Fingerprint(Fingerprint),
    /// An authority whose certificate lies in this file vouches for it.
    Ca(PathBuf),
    /// By nothing: whoever answers is believed.
    Insecure,
}

/// SHA-256 of a certificate, written as `sha256:` and 64 hexadecimal digits, which colons may part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", inline, extend("pattern" = "^sha256:([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$"))]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// The hash.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = || {
            let mut rest = text.strip_prefix("sha256:")?;
            let mut bytes = [0; 32];
            for (index, byte) in bytes.iter_mut().enumerate() {
                if index > 0 {
                    rest = rest.strip_prefix(':').unwrap_or(rest);
                }
                let digits = rest.get(..2).filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()))?;
                *byte = u8::from_str_radix(digits, 16).ok()?;
                rest = rest.get(2..)?;
            }
            rest.is_empty().then_some(Self(bytes))
        };
        read().ok_or_else(|| {
            "it is no fingerprint: write \"sha256:\" and the 64 digits that `openssl x509 -fingerprint -sha256` prints".to_owned()
        })
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// Whose certificate a camera may show that is reached by `rtsps` or `https`. Default: one that the authorities of the system
/// vouch for. One key of these:
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Tls", deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct TlsKeys {
    /// This very one, by its SHA-256, such as `sha256:5e884898…`: what cameras show that made their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// One that the authority in this PEM file vouches for, from the configuration's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Any: whoever answers is believed. `true` alone may be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("const" = true))]
    pub insecure: Option<bool>,
}

impl TryFrom<TlsKeys> for Tls {
    type Error = &'static str;

    fn try_from(keys: TlsKeys) -> Result<Self, &'static str> {
        match keys {
            TlsKeys { fingerprint: Some(fingerprint), ca: None, insecure: None } => {
                Ok(Self::Fingerprint(fingerprint))
            }
            TlsKeys { fingerprint: None, ca: Some(ca), insecure: None } => Ok(Self::Ca(ca)),
            TlsKeys { fingerprint: None, ca: None, insecure: Some(true) } => Ok(Self::Insecure),
            TlsKeys { fingerprint: None, ca: None, insecure: Some(false) } => {
                Err("`insecure = false` says nothing: leave `tls` out, and the certificate is checked")
            }
            _ => Err("one of `fingerprint`, `ca` and `insecure = true` is wanted, and no more"),
        }
    }
}

impl From<Tls> for TlsKeys {
    fn from(tls: Tls) -> Self {
        match tls {
            Tls::Fingerprint(fingerprint) => Self { fingerprint: Some(fingerprint), ..Self::default() },
            Tls::Ca(ca) => Self { ca: Some(ca), ..Self::default() },
            Tls::Insecure => Self { insecure: Some(true), ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_openssl_prints_them() {
        let plain = "5e".repeat(32);
        let parted = vec!["5E"; 32].join(":");
        for text in [format!("sha256:{plain}"), format!("sha256:{parted}")] {
            let read = Fingerprint::try_from(text).expect("a fingerprint");
            assert_eq!((read.bytes(), read.to_string()), (&[0x5e; 32], format!("sha256:{plain}")));
        }
        let long = format!("sha256:{plain}5e");
        let odd = format!("sha256:{}+5", "5e".repeat(31));
        let wide = format!("sha256:{}", "５".repeat(32));
        for text in ["", "sha256:", &plain, &long, &odd, &wide, "sha1:5e", "sha256::5e"] {
            assert!(Fingerprint::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
