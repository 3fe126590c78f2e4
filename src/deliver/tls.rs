//! Whose certificates are believed.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::Refusal;
use crate::files;

/// The certificates of authorities that are believed: those of this PEM file, or the system's. They are read whenever a
/// connection is made, so that a file may be mended or renewed while the program runs.
///
/// # Errors
/// [`Refusal::Transient`] where there are none.
pub(super) fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    match ca {
        Some(path) => of_file(path),
        None => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                return Err(Refusal::transient(
                    "the system knows no authority that vouches for servers: install ca-certificates, or write `ca`",
                ));
            }
            Ok(found.certs)
        }
    }
}

/// Whether this file holds certificates of authorities.
///
/// # Errors
/// [`Refusal::Transient`] where it does not: it may be mended while the program runs.
pub fn check_ca(path: &Path) -> Result<(), Refusal> {
    of_file(path).map(drop)
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    let shown = files::shown(path.as_os_str());
    let read = files::open(path).and_then(|file| std::io::read_to_string(std::io::Read::take(file, 1 << 20)));
    let text = read.map_err(|error| {
        Refusal::transient(format!("`ca` cannot be read: {shown}: {}", files::reason(&error)))
    })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Refusal::transient(format!("`ca` holds no certificate in PEM: {shown}"))),
    }
}

/// How a TLS connection is made on which these authorities are believed.
///
/// # Errors
/// [`Refusal::Transient`] where there are none.
pub(super) fn client_config(ca: Option<&Path>) -> Result<ClientConfig, Refusal> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots(ca)?);
    if store.is_empty() {
        return Err(Refusal::transient("`ca` holds no certificate that can be used"));
    }
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Refusal::transient(format!("TLS cannot be used: {error}")))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}
