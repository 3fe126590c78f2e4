//! HTTP as sinks use it: one request with bounds, no redirect followed, and what an answer means.

use std::{io::ErrorKind, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use ureq::{
    Agent, Error, Timeout,
    http::{HeaderMap, Response, header},
    tls::{Certificate, RootCerts, TlsConfig},
};

use super::{Refusal, quoted, tls};

/// A request with its answer takes no longer than this.
const WHOLE: Duration = Duration::from_secs(20);
/// A connection is made within this.
const CONNECT: Duration = Duration::from_secs(10);
/// So much of an answer is read, in bytes.
const ANSWER: u64 = 64 << 10;
/// Nobody is waited for longer because of a `Retry-After`.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// So many connections to a server are kept open for the next request.
const IDLE: usize = 64;

/// What makes requests of a sink. Its calls block: they belong on a thread that may wait.
///
/// `ca` is the file of authorities of its own; with `https` false none is looked for.
///
/// # Errors
/// [`Refusal::Transient`] where no authority is known.
pub(crate) fn agent(https: bool, ca: Option<&Path>) -> Result<Agent, Refusal> {
    let mut config = Agent::config_builder()
        .timeout_global(Some(WHOLE))
        .timeout_connect(Some(CONNECT))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .max_response_header_size(32 << 10)
        .max_idle_connections(IDLE)
        .max_idle_connections_per_host(IDLE)
        .user_agent(concat!("firewarden/", env!("CARGO_PKG_VERSION")));
    if https {
        let roots: Vec<Certificate<'static>> =
            tls::roots(ca)?.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).build();
        config = config.tls_config(tls);
    }
    Ok(config.build().new_agent())
}

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The status code.
    pub status: u16,
    pub headers: HeaderMap,
    /// The beginning of its body, 64 kB at most.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer, as far as it matters.
    ///
    /// # Errors
    /// [`Refusal::Transient`] where there is none.
    pub fn read(response: Result<Response<ureq::Body>, Error>) -> Result<Self, Refusal> {
        let response = response.map_err(|error| unanswered(&error))?;
        let (parts, mut body) = response.into_parts();
        let mut read = Vec::new();
        // The status says all that matters: where the rest breaks off, there is less to repeat.
        let _ = std::io::Read::read_to_end(&mut std::io::Read::take(body.as_reader(), ANSWER), &mut read);
        Ok(Self { status: parts.status.as_u16(), headers: parts.headers, body: read })
    }

    /// A header as text; none where it is not there, or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The beginning of the body as it may be shown.
    pub fn quoted(&self) -> String {
        quoted(&String::from_utf8_lossy(&self.body))
    }

    /// When it may be tried again, as the server says.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header(header::RETRY_AFTER.as_str())?;
        let wait = match text.trim().parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = rfc2822::parse(text.trim()).ok()?.timestamp();
                Duration::try_from(until.duration_since(Timestamp::now()).max(SignedDuration::ZERO)).ok()?
            }
        };
        Some(wait.min(LONGEST_WAIT))
    }

    /// What it means for what was sent: only a refusal of this very message is for good.
    ///
    /// # Errors
    /// [`Refusal`] where it was not taken.
    pub fn judged(&self) -> Result<(), Refusal> {
        let status = self.status;
        let said = match self.quoted() {
            said if said.is_empty() => String::new(),
            said => format!(" ({said})"),
        };
        let why = match status {
            200..=299 => return Ok(()),
            400 | 413 | 415 | 422 => {
                return Err(Refusal::permanent(format!("it refuses this message with HTTP {status}{said}")));
            }
            300..=399 => format!(
                "it answers with a redirect (HTTP {status}){}, which is not followed: write the address that it leads to in the \
                 configuration",
                self.header(header::LOCATION.as_str()).map(place).unwrap_or_default()
            ),
            401 | 403 => format!(
                "it does not let this box in (HTTP {status}){said}: check the secret, password or address that it knows this box by"
            ),
            404 | 410 => format!("nothing takes it at this address (HTTP {status}){said}: check the address"),
            _ => format!("it answers HTTP {status}{said}"),
        };
        Err(Refusal::Transient { why, after: self.retry_after() })
    }
}

/// The host of an address, which is all of it that may be shown.
fn place(location: &str) -> String {
    let rest = location.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit('@').next().unwrap_or_default() {
        "" => String::new(),
        host => format!(" to {}", quoted(host)),
    }
}

/// Where a name leads nowhere.
pub(crate) const NO_HOST: &str = "its host is not known: check the address, and the network";

/// Whether a name leads nowhere. The system tells that in words alone.
pub(crate) fn is_unknown_host(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address")
}

/// Why there is no answer. An address is never repeated: it may hold a secret.
pub(crate) fn unanswered(error: &Error) -> Refusal {
    Refusal::transient(match error {
        Error::HostNotFound => NO_HOST.to_owned(),
        Error::Timeout(Timeout::Resolve) => {
            "its host was not found in time: does the name server answer?".to_owned()
        }
        Error::Timeout(Timeout::Connect) => {
            "no connection came about in time: check the address, and the network".to_owned()
        }
        Error::Timeout(_) => {
            "no answer in time: is the server overloaded, or does something between drop what is sent?"
                .to_owned()
        }
        Error::ConnectionFailed => "nobody answers at its address".to_owned(),
        Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => {
                "nobody takes connections at its address: does the server run, and are host and port right?"
                    .to_owned()
            }
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof => {
                "it ended the connection without an answer".to_owned()
            }
            _ if is_unknown_host(error) => NO_HOST.to_owned(),
            _ => format!("no connection: {error}"),
        },
        Error::Tls(why) => format!("no TLS connection: {why}"),
        Error::Rustls(error) => format!("no TLS connection: {error}"),
        Error::Protocol(_) | Error::Http(_) => "what answers there does not speak HTTP".to_owned(),
        Error::BadUri(_) => "its address cannot be used".to_owned(),
        Error::LargeResponseHeader(_, _) => "its answer is too large".to_owned(),
        other => format!("no answer: {}", quoted(&kind(other))),
    })
}

/// The name of an error, without what it holds.
fn kind(error: &Error) -> String {
    let text = format!("{error:?}");
    text.split(['(', '{', ' ']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), value.parse().expect("a header's value"))
        });
        Answer { status, headers: headers.collect(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn only_a_refusal_of_the_message_is_for_good() {
        for status in 200..300 {
            assert_eq!(answer(status, &[], "").judged(), Ok(()));
        }
        for status in (100..200).chain(300..600) {
            let judged = answer(status, &[], "no\nthanks").judged().expect_err("refused");
            let is_permanent = matches!(judged, Refusal::Permanent { .. });
            assert_eq!(is_permanent, [400, 413, 415, 422].contains(&status), "{status}: {judged}");
            assert!(judged.to_string().contains(&status.to_string()) && !judged.to_string().contains('\n'));
        }
    }

    #[test]
    fn silence_and_an_unknown_host_are_told_in_plain_words_with_a_way_out() {
        for what in [ureq::Timeout::Global, ureq::Timeout::RecvResponse] {
            let why = unanswered(&Error::Timeout(what)).to_string();
            assert!(why.contains("no answer in time: ") && !why.contains('('), "{why}");
        }
        let connect = unanswered(&Error::Timeout(ureq::Timeout::Connect)).to_string();
        assert!(connect.contains("no connection") && connect.contains("address"), "{connect}");
        let lookup = std::io::Error::other("failed to lookup address information: Name or service not known");
        let unknown = unanswered(&Error::Io(lookup)).to_string();
        assert_eq!(unknown, unanswered(&Error::HostNotFound).to_string());
    }

    #[test]
    fn a_redirect_names_the_host_alone() {
        let to = answer(302, &[("location", "https://u:secret@other.example/path?key=secret")], "").judged();
        let why = to.expect_err("a redirect").to_string();
        assert!(why.contains("to other.example,") && !why.contains("secret"), "{why}");
        let why =
            answer(302, &[("location", "/login?key=secret")], "").judged().expect_err("one").to_string();
        assert!(!why.contains("secret"), "{why}");
    }

    #[test]
    fn the_server_says_when_but_not_for_ever() {
        let after = |text: &str| answer(503, &[("retry-after", text)], "").retry_after();
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("99999999999"), Some(LONGEST_WAIT));
        assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("Mon, 21 Oct 2115 07:28:00 GMT"), Some(LONGEST_WAIT));
        assert_eq!((after("soon"), after("-1"), after("1e9")), (None, None, None));
    }

    #[test]
    fn what_a_server_says_is_shown_in_one_short_line() {
        let long = "长".repeat(10_000);
        let why = answer(500, &[], &long).judged().expect_err("refused").to_string();
        assert!(why.chars().count() < 300, "{why}");
    }
}
