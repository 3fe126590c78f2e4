//! What is particular to S3: each request is signed anew, and refusals have codes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use rusty_s3::{Method, signing::sign};
use url::Url;

use super::super::super::{Refusal, http::Answer};
use crate::{
    config::{S3, Secret},
    duration,
};

/// A signature counts for as long as clocks may differ.
const EXPIRES: Duration = Duration::from_secs(900);
/// Clocks that differ by more are told of.
const OFF: SignedDuration = SignedDuration::from_mins(4);
/// The longest code there is.
const LONGEST_CODE: usize = 64;

/// By what requests to a bucket are signed.
#[derive(Debug)]
pub(super) struct Keys {
    bucket: String,
    region: String,
    access: String,
    secret: Secret,
}

impl Keys {
    pub fn new(s3: &S3) -> Self {
        Self {
            bucket: s3.bucket.clone(),
            region: s3.region.clone(),
            access: s3.access_key.clone(),
            secret: s3.secret_key.clone(),
        }
    }

    /// An address for one request that is made with these headers, which are in order of their names. None where it is no
    /// address.
    pub fn signed(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, String)],
        now: Timestamp,
    ) -> Option<String> {
        let url = Url::parse(url).ok().filter(|url| url.has_host())?;
        // Signing knows no others.
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let (access, secret) = (self.access.as_str(), self.secret.expose());
        let none = std::iter::empty();
        let seconds = EXPIRES.as_secs();
        // Signing counts time by another version of the same crate: it is handed over as text.
        let now = now.to_string().parse().ok()?;
        Some(sign(&now, method, url, access, secret, None, &self.region, seconds, none, headers).into())
    }

    /// Why a request was refused, by the code in the answer.
    pub fn refusal(&self, answer: &Answer, now: Timestamp) -> Refusal {
        let status = answer.status;
        let code = code(&answer.body);
        let named = code.map(|code| format!(" ({code})")).unwrap_or_default();
        let off = off(answer, now);
        let why = match code {
            Some("EntityTooLarge") => {
                return Refusal::permanent("the file is larger than it takes (EntityTooLarge)");
            }
            Some("RequestTimeTooSkewed") => clock_is_wrong(off, &named),
            // Of a signature whose time has run out, or has not come, no more is told than that.
            _ if status == 403 && off.is_some_and(|off| off.abs() > OFF) => clock_is_wrong(off, &named),
            Some("SignatureDoesNotMatch") => {
                format!("it does not let this box in{named}: check `secret_key` and `region`")
            }
            Some("InvalidAccessKeyId") => format!("it does not know this box{named}: check `access_key`"),
            Some("AccessDenied" | "AllAccessDisabled") => {
                format!(
                    "it does not let this box in{named}: its key must be allowed to write and to read files in {}",
                    self.bucket
                )
            }
            Some("NoSuchBucket" | "InvalidBucketName") => {
                format!("it has no bucket {}{named}: make it, or check `bucket`", self.bucket)
            }
            Some("SlowDown" | "ServiceUnavailable" | "Throttling") => {
                format!("it asks for less at a time{named}")
            }
            Some(
                "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "AuthorizationQueryParametersError",
            ) => {
                format!("the bucket lies elsewhere{named}: check `upload` and `region`")
            }
            Some(_) => format!("it answers HTTP {status}{named}"),
            None => return passing(answer),
        };
        Refusal::Transient { why, after: answer.retry_after() }
    }
}

/// What an answer means where nothing that it says is for good.
pub(super) fn passing(answer: &Answer) -> Refusal {
    match answer.judged() {
        Err(Refusal::Transient { why, after }) => Refusal::Transient { why, after },
        Err(Refusal::Permanent { why }) => Refusal::Transient { why, after: answer.retry_after() },
        Ok(()) => Refusal::transient(format!("its answer makes no sense (HTTP {})", answer.status)),
    }
}

/// The code in a refusal, which is XML; none where there is none that looks like one.
pub(super) fn code(body: &[u8]) -> Option<&str> {
    let text = str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = (1..=LONGEST_CODE).contains(&code.len()) && code.chars().all(|c| c.is_ascii_alphanumeric());
    is_code.then_some(code)
}

/// How far the box's clock is ahead of the server's; none where it does not tell its time.
fn off(answer: &Answer, now: Timestamp) -> Option<SignedDuration> {
    let told = rfc2822::parse(answer.header("date")?).ok()?.timestamp();
    Some(now.duration_since(told))
}

fn clock_is_wrong(off: Option<SignedDuration>, named: &str) -> String {
    let off = off.map_or_else(String::new, |off| {
        let by = Duration::from_secs(off.unsigned_abs().as_secs());
        let side = if off.is_negative() { "behind" } else { "ahead of" };
        format!(": it is {} {side} the server's", duration::format(by))
    });
    format!("the clock of this box is wrong{off}{named}: set it, and keep it by NTP")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str, date: Option<&str>) -> Answer {
        let mut headers = ureq::http::HeaderMap::new();
        if let Some(date) = date {
            headers.insert("date", date.parse().expect("a value"));
        }
        let body = format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>m</Message></Error>");
        Answer { status, headers, body: body.into_bytes() }
    }

    fn keys() -> Keys {
        Keys {
            bucket: "evidence".to_owned(),
            region: "us-east-1".to_owned(),
            access: "box".to_owned(),
            secret: Secret::from("s3cret"),
        }
    }

    #[test]
    fn a_refusal_is_named_by_its_code_and_passes() {
        let now = Timestamp::UNIX_EPOCH;
        for (status, code, part) in [
            (403, "SignatureDoesNotMatch", "check `secret_key`"),
            (403, "InvalidAccessKeyId", "check `access_key`"),
            (403, "AccessDenied", "to write and to read files in evidence"),
            (404, "NoSuchBucket", "no bucket evidence (NoSuchBucket)"),
            (503, "SlowDown", "less at a time (SlowDown)"),
            (301, "PermanentRedirect", "lies elsewhere"),
            (400, "RequestTimeout", "HTTP 400 (RequestTimeout)"),
            (400, "", "HTTP 400"),
            (413, "a<b", "HTTP 413"),
        ] {
            let refusal = keys().refusal(&answer(status, code, None), now);
            assert!(matches!(refusal, Refusal::Transient { .. }), "{refusal:?}");
            let told = refusal.to_string();
            assert!(told.contains(part) && !told.contains("s3cret"), "{told}");
        }
        let refusal = keys().refusal(&answer(400, "EntityTooLarge", None), now);
        assert!(matches!(refusal, Refusal::Permanent { .. }), "{refusal:?}");
    }

    #[test]
    fn a_clock_that_is_wrong_is_told_by_how_much() {
        let now: Timestamp = "2026-01-01T00:10:00Z".parse().expect("a time");
        for (code, date, part) in [
            ("RequestTimeTooSkewed", "Thu, 01 Jan 2026 00:00:00 GMT", "it is 10m ahead of the server's"),
            ("AccessDenied", "Thu, 01 Jan 2026 01:10:00 GMT", "it is 1h behind the server's"),
        ] {
            let told = keys().refusal(&answer(403, code, Some(date)), now).to_string();
            assert!(told.contains(part) && told.contains(code), "{told}");
        }
        let told = keys().refusal(&answer(403, "RequestTimeTooSkewed", None), now).to_string();
        assert!(told.starts_with("the clock of this box is wrong (RequestTimeTooSkewed)"), "{told}");
        let near = Some("Thu, 01 Jan 2026 00:09:00 GMT");
        let told = keys().refusal(&answer(403, "AccessDenied", near), now).to_string();
        assert!(!told.contains("clock"), "{told}");
    }

    #[test]
    fn a_code_is_what_looks_like_one() {
        assert_eq!(code(b"<Error><Code>NoSuchKey</Code></Error>"), Some("NoSuchKey"));
        let long = format!("<Code>{}</Code>", "x".repeat(65));
        for body in ["", "<Code>", "<Code></Code>", "<Code>a b</Code>", "<Code>a\nb</Code>", &long] {
            assert_eq!(code(body.as_bytes()), None, "{body}");
        }
        assert_eq!(code(b"<Code>\xff</Code>"), None);
    }
}
