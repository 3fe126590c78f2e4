//! Whose certificates are believed.

use std::path::Path;

use rustls::{ClientConfig, pki_types::CertificateDer};

use super::Refusal;
use crate::authorities::{self, AuthoritiesError};

fn transient(error: AuthoritiesError) -> Refusal {
    Refusal::transient(error.to_string())
}

/// The certificates of authorities that are believed: those of this PEM file, or the system's.
///
/// # Errors
/// [`Refusal::Transient`] where there are none.
pub(super) fn roots(ca: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, Refusal> {
    authorities::roots(ca).map_err(transient)
}

/// How a TLS connection is made on which these authorities are believed.
///
/// # Errors
/// [`Refusal::Transient`] where there are none.
pub(super) fn client_config(ca: Option<&Path>) -> Result<ClientConfig, Refusal> {
    let store = authorities::store(ca).map_err(transient)?;
    let config = ClientConfig::builder_with_provider(authorities::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Refusal::transient(format!("TLS cannot be used: {error}")))?;
    Ok(config.with_root_certificates(store).with_no_client_auth())
}
