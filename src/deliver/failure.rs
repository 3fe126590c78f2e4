//! Why nothing was answered, in words that say what to do.

use std::io::ErrorKind;

use jiff::Timestamp;
use rustls::{CertificateError, pki_types::UnixTime};
use ureq::Error;

use super::http;

/// Whether it failed for TLS, so that other authorities may help.
pub(crate) fn is_of_tls(error: &Error) -> bool {
    matches!(error, Error::Tls(_)) || of_tls(error).is_some()
}

/// Whether the other side closed the connection before it said anything, as it does with one that was not used for long. Nothing
/// tells whether it did what it was asked to.
pub(crate) fn is_closed(error: &Error) -> bool {
    let closed = [
        ErrorKind::UnexpectedEof,
        ErrorKind::ConnectionReset,
        ErrorKind::ConnectionAborted,
        ErrorKind::BrokenPipe,
    ];
    matches!(error, Error::Io(error) if closed.contains(&error.kind())) && !is_of_tls(error)
}

/// Where authorities are named that are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authorities {
    /// In the setting `ca`, else those of the system.
    Named,
    /// Those of the system alone.
    OfSystem,
}

/// Why nothing was answered. An address is never repeated.
pub(crate) fn why(error: &Error) -> String {
    why_where(error, Authorities::Named)
}

/// The same, where authorities are named there.
pub(crate) fn why_where(error: &Error, authorities: Authorities) -> String {
    match of_tls(error) {
        Some(rustls::Error::InvalidCertificate(error)) => of_certificate(error, authorities),
        Some(rustls::Error::InvalidMessage(_)) => {
            "what answers there does not speak TLS: check the port; or it wants http:// without TLS".to_owned()
        }
        Some(error) => format!("no TLS connection: {error}"),
        None if is_closed(error) => {
            "it closes the connection and answers nothing: check the port, and whether it wants http:// or https://".to_owned()
        }
        // It is refused before anything is asked for.
        None if matches!(error, Error::Http(_) | Error::BadUri(_)) => "its address cannot be used".to_owned(),
        None => http::unanswered(error).to_string(),
    }
}

/// The part of an error that TLS has, wherever it stands in it.
fn of_tls(error: &Error) -> Option<&rustls::Error> {
    match error {
        Error::Rustls(error) => Some(error),
        Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

fn of_certificate(error: &CertificateError, authorities: Authorities) -> String {
    match error {
        CertificateError::Expired => "its certificate has expired: it needs a new one".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!(
                "its certificate expired at {}: it needs a new one, or this box's clock is wrong",
                time(*not_after)
            )
        }
        CertificateError::NotValidYet => {
            "its certificate is not valid yet: is this box's clock right?".to_owned()
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}: is this box's clock right?", time(*not_before))
        }
        // The latter is an authority of the same name with another key, as a renewed one has.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            let way_out = match authorities {
                Authorities::Named => "name the right one in `ca`, or add it to the system's",
                Authorities::OfSystem => "add the one that does to the system's (`update-ca-certificates`)",
            };
            format!("no authority that is believed vouches for its certificate: {way_out}")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: check the address".to_owned()
        }
        other => format!("its certificate is not believed: {other}"),
    }
}

fn time(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_or_else(|_| "an impossible time".to_owned(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::{io, time::Duration};

    use super::*;

    fn io_error(kind: ErrorKind) -> Error {
        Error::Io(kind.into())
    }

    #[test]
    fn a_closed_connection_is_no_silence() {
        for kind in [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe] {
            assert!(is_closed(&io_error(kind)), "{kind}");
        }
        assert!(!is_closed(&io_error(ErrorKind::ConnectionRefused)));
        assert!(!is_closed(&Error::Timeout(ureq::Timeout::Global)));
        assert!(!is_closed(&Error::HostNotFound));
    }

    #[test]
    fn the_wrong_scheme_is_told() {
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        for error in [Error::Rustls(plain.clone()), Error::Io(io::Error::new(ErrorKind::InvalidData, plain))]
        {
            assert!(why(&error).contains("http://") && !why(&error).contains("corrupt"), "{}", why(&error));
        }
        let closed = why(&io_error(ErrorKind::UnexpectedEof));
        assert!(closed.contains("http:// or https://"), "{closed}");
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_named() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let wrapped = |error| {
            let error = rustls::Error::InvalidCertificate(error);
            [Error::Rustls(error.clone()), Error::Io(io::Error::new(ErrorKind::InvalidData, error))]
        };
        for (error, part) in [
            (
                CertificateError::ExpiredContext { time: at(1 << 30), not_after: at(86_400) },
                "expired at 1970-01-02T00:00:00Z",
            ),
            (CertificateError::Expired, "expired"),
            (CertificateError::NotValidYetContext { time: at(0), not_before: at(u64::MAX) }, "clock"),
            (CertificateError::NotValidYet, "clock"),
            (CertificateError::UnknownIssuer, "vouches"),
            (CertificateError::BadSignature, "vouches"),
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::Revoked, "not believed"),
        ] {
            for error in wrapped(error) {
                assert!(is_of_tls(&error) && why(&error).contains(part), "{part}: {}", why(&error));
            }
        }
        assert!(!is_of_tls(&io_error(ErrorKind::InvalidData)));
        let [error, _] = wrapped(CertificateError::UnknownIssuer);
        let of_system = why_where(&error, Authorities::OfSystem);
        assert!(of_system.contains("system's") && !of_system.contains("`ca`"), "{of_system}");
    }
}
