//! The authorities whose certificates are believed.

use std::{io::Read, path::Path, sync::Arc};

use rustls::{
    RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem::PemObject},
};
use thiserror::Error;

use crate::files;

/// Why there is no authority to believe.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthoritiesError {
    /// The system has none.
    #[error("the system knows no authority that vouches for servers: install ca-certificates, or write `ca`")]
    NoneOfSystem,
    /// The file cannot be read.
    #[error("`ca` cannot be read: {file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// The file holds none.
    #[error("`ca` holds no certificate in PEM: {file}")]
    Empty {
        /// The file.
        file: String,
    },
    /// What it holds is of no use.
    #[error("`ca` holds no certificate that can be used")]
    Unusable,
}

/// The certificates of authorities that are believed: those of this PEM file, or the system's. They are read whenever a
/// connection is made, so that a file may be mended or renewed while the program runs.
///
/// # Errors
/// [`AuthoritiesError`] where there are none.
pub fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    match ca {
        Some(path) => of_file(path),
        None => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() { Err(AuthoritiesError::NoneOfSystem) } else { Ok(found.certs) }
        }
    }
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let file = files::shown(path.as_os_str());
    let read = files::open(path).and_then(|file| std::io::read_to_string(Read::take(file, 1 << 20)));
    let text = read.map_err(|error| AuthoritiesError::Unreadable {
        file: file.clone(),
        reason: files::reason(&error).to_string(),
    })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(AuthoritiesError::Empty { file }),
    }
}

/// The same as TLS takes them.
///
/// # Errors
/// [`AuthoritiesError`] where there are none.
pub fn store(ca: Option<&Path>) -> Result<RootCertStore, AuthoritiesError> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots(ca)?);
    if store.is_empty() { Err(AuthoritiesError::Unusable) } else { Ok(store) }
}

/// What encrypts.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
