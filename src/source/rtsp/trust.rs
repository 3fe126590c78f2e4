//! By what a camera is known that shows a certificate.

use std::{io, net::IpAddr, sync::Arc};

use jiff::Timestamp;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    distrust::{Distrust, NoTls, Wrong},
    refusal::Refusal,
};
use crate::{
    authorities::{self, AuthoritiesError},
    config::{Fingerprint, Tls},
};

/// How a camera is known. Authorities are read when it is made, so that a file may be renewed while the program runs.
#[derive(Debug, Clone)]
pub struct Trust {
    config: Arc<ClientConfig>,
    /// Whether the name of its host is a part of what is looked at.
    names: bool,
}

impl Trust {
    /// By what the configuration says; where it says nothing, by the authorities of the system.
    ///
    /// # Errors
    /// [`AuthoritiesError`] where there are none.
    pub fn new(tls: Option<&Tls>) -> Result<Self, AuthoritiesError> {
        let provider = authorities::provider();
        let by = match tls {
            Some(Tls::Fingerprint(known)) => By::Fingerprint(*known),
            Some(Tls::Insecure) => By::Nothing,
            Some(Tls::Ca(ca)) => By::Authorities(of_authorities(Some(ca))?),
            None => By::Authorities(of_authorities(None)?),
        };
        let names = matches!(by, By::Authorities(_));
        let algorithms = provider.signature_verification_algorithms;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| AuthoritiesError::Unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { by, algorithms }))
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), names })
    }

    /// Agrees on TLS with a camera that was dialled as `host`.
    ///
    /// # Errors
    /// It is not believed, or does not speak TLS as it must. Nothing was said to it then.
    pub async fn secure(&self, stream: TcpStream, host: &str) -> Result<TlsStream<TcpStream>, Refusal> {
        let peer = stream.peer_addr()?.ip();
        let name = name(host, peer, self.names).ok_or(Refusal::NoTls(NoTls::Nameless))?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        connector.connect(name, stream).await.map_err(|error| why(&error))
    }
}

fn of_authorities(ca: Option<&std::path::PathBuf>) -> Result<Arc<WebPkiServerVerifier>, AuthoritiesError> {
    let store = Arc::new(authorities::store(ca.map(std::path::PathBuf::as_path))?);
    let builder = WebPkiServerVerifier::builder_with_provider(store, authorities::provider());
    builder.build().map_err(|_| AuthoritiesError::Unusable)
}

/// What a certificate is to be of. Some hosts are dialled by what is no name that certificates have; where names are not looked at,
/// the number that was dialled stands in its place.
fn name(host: &str, peer: IpAddr, names: bool) -> Option<ServerName<'static>> {
    // A number may name the interface by which it is reached, which is of this machine alone.
    let bare = host.split('%').next().unwrap_or(host);
    match ServerName::try_from(bare.to_owned()) {
        Ok(name) => Some(name),
        Err(_) => (!names).then(|| ServerName::from(peer)),
    }
}

/// Why TLS was not agreed on.
fn why(error: &io::Error) -> Refusal {
    let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<Error>()) else {
        return Refusal::NoTls(NoTls::Closed);
    };
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(other))) => {
            match other.downcast_ref::<Distrust>() {
                Some(distrust) => Refusal::Untrusted(distrust.clone()),
                None => Refusal::NoTls(NoTls::Other(error.to_string())),
            }
        }
        Error::InvalidMessage(_) => Refusal::NoTls(NoTls::Plain),
        Error::PeerIncompatible(_) | Error::AlertReceived(_) => {
            Refusal::NoTls(NoTls::Outdated(error.to_string()))
        }
        _ => Refusal::NoTls(NoTls::Other(error.to_string())),
    }
}

#[derive(Debug)]
enum By {
    Authorities(Arc<WebPkiServerVerifier>),
    /// It is this very certificate, whatever it says.
    Fingerprint(Fingerprint),
    Nothing,
}

/// Judges a certificate, and says of one that it does not believe which it was.
#[derive(Debug)]
struct Verifier {
    by: By,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn distrust(certificate: &CertificateDer<'_>, wrong: Wrong) -> Error {
        let distrust = Distrust { wrong, shown: Fingerprint::of(certificate) };
        CertificateError::Other(OtherError(Arc::new(distrust))).into()
    }

    /// Whether who shows a certificate has its key. Where anybody is believed, that is worth nothing, and old cameras have keys that
    /// are too short to be looked at.
    fn has_key(
        &self,
        certificate: &CertificateDer<'_>,
        verify: impl FnOnce() -> Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.by {
            By::Nothing => Ok(HandshakeSignatureValid::assertion()),
            By::Authorities(_) | By::Fingerprint(_) => {
                verify().map_err(|error| Self::distrust(certificate, Wrong::Key(error.to_string())))
            }
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.by {
            By::Nothing => Ok(ServerCertVerified::assertion()),
            By::Fingerprint(known) if *known == Fingerprint::of(certificate) => {
                Ok(ServerCertVerified::assertion())
            }
            By::Fingerprint(_) => Err(Self::distrust(certificate, Wrong::Another)),
            By::Authorities(verifier) => verifier
                .verify_server_cert(certificate, intermediates, name, ocsp, now)
                .map_err(|error| Self::distrust(certificate, wrong(&error))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.has_key(certificate, || verify_tls12_signature(message, certificate, signed, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.has_key(certificate, || verify_tls13_signature(message, certificate, signed, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// What is wrong with a certificate.
fn wrong(error: &Error) -> Wrong {
    let Error::InvalidCertificate(error) = error else { return Wrong::Other(error.to_string()) };
    match error {
        CertificateError::Expired => Wrong::Expired(None),
        CertificateError::ExpiredContext { not_after, .. } => Wrong::Expired(time(*not_after)),
        CertificateError::NotValidYet => Wrong::Early(None),
        CertificateError::NotValidYetContext { not_before, .. } => Wrong::Early(time(*not_before)),
        // The latter is an authority of the same name with another key, as a renewed one has.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Wrong::Unknown,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Wrong::Name,
        other => Wrong::Other(other.to_string()),
    }
}

fn time(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok()
}
