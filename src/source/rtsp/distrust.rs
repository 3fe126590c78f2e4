//! Why TLS with a camera does not come about, in words that say what to do.

use std::fmt;

use jiff::Timestamp;
use thiserror::Error;

use crate::config::Fingerprint;

/// A certificate that is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Distrust {
    /// Why not.
    pub wrong: Wrong,
    /// Which it is.
    pub shown: Fingerprint,
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// No authority that is believed vouches for it.
    Unknown,
    /// It is not the one that is known.
    Another,
    /// It has expired, then.
    Expired(Option<Timestamp>),
    /// It is not valid before that.
    Early(Option<Timestamp>),
    /// It is for another name than the address has.
    Name,
    /// Who shows it does not prove to have its key, or the key is of a kind that is not safe.
    Key(String),
    /// Something else.
    Other(String),
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |at: &Option<Timestamp>| at.map_or_else(|| "some time".to_owned(), |at| at.to_string());
        match &self.wrong {
            Wrong::Unknown => f.write_str("no authority that is believed vouches for its certificate")?,
            Wrong::Another => {
                f.write_str("it shows another certificate than the one whose fingerprint `tls` has")?
            }
            Wrong::Expired(after) => {
                write!(f, "its certificate is valid until {} alone; is this box's clock right?", at(after))?
            }
            Wrong::Early(before) => {
                write!(f, "its certificate is not valid before {}; is this box's clock right?", at(before))?;
            }
            Wrong::Name => f.write_str("its certificate is for another name than its address has")?,
            Wrong::Key(why) => {
                return write!(
                    f,
                    "who shows the certificate {} does not prove to have its key ({why}); let the camera make a new one, with an \
                     RSA key of 2048 bits or more",
                    self.shown
                );
            }
            Wrong::Other(why) => write!(f, "its certificate is not believed ({why})")?,
        }
        let way = match self.wrong {
            Wrong::Another => "if the camera has made a new one",
            _ => "if it is the camera's own",
        };
        write!(f, "; {way}, write tls = {{ fingerprint = \"{}\" }}", self.shown)
    }
}

/// Why nothing was agreed on with who may have a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoTls {
    /// What answers does not speak TLS.
    #[error(
        "what answers at its address does not speak TLS; check the port, or write the address without it: rtsp://, http://"
    )]
    Plain,
    /// It closed the connection.
    #[error(
        "it closed the connection while TLS was agreed on; check the port, and whether TLS is switched on"
    )]
    Closed,
    /// It knows nothing that is safe enough.
    #[error("it offers no TLS that is safe enough, 1.2 or newer ({0}); a newer firmware may")]
    Outdated(String),
    /// It is dialled by what no certificate can be for.
    #[error(
        "no certificate can be for the host in its address; write its name or number, or tls = {{ fingerprint = \"sha256:…\" }}"
    )]
    Nameless,
    /// Something else.
    #[error("no TLS with it: {0}")]
    Other(String),
}
