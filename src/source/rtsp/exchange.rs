//! A stream that is asked for by HTTP: one request, one answer, and then what it holds, for as long as it comes.

use std::time::{Duration, Instant};

use super::{
    conversation::{Cleared, User},
    limits::GuardLimits,
    message::Search,
    refusal::Refusal,
};

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was asked yet.
    Silent,
    /// An answer is due.
    Asked {
        /// Whether user name and password were sent, in whatever form.
        credentials: bool,
        /// Until then.
        due: Instant,
    },
    /// The stream comes, or what an answer says that refuses it.
    Answered,
    /// It was asked for a user name and a password, which are sent by another connection.
    Again,
}

/// How the body of an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Chunked,
}

/// Such an exchange, as far as it went. It does no input and output and knows no time but what it is told.
///
/// FFmpeg takes a redirect by the status alone, and reads that from the first line; so the guard reads that line strictly.
#[derive(Debug)]
pub struct Exchange {
    user: User,
    answer: Duration,
    head: usize,
    stage: Stage,
    asking: Search,
    answering: Search,
    plays: bool,
    /// Whether what comes is FLV is still to be seen.
    opening: Option<Coding>,
    /// When the first of the stream came.
    first: Option<Instant>,
    refused: Option<Refusal>,
    ended: Option<Refusal>,
}

impl Exchange {
    /// One that begins, with a camera in whose address there is a user name or none.
    pub fn new(user: User, limits: &GuardLimits) -> Self {
        Self {
            user,
            answer: limits.answer,
            head: limits.header,
            stage: Stage::Silent,
            asking: Search::default(),
            answering: Search::default(),
            plays: false,
            opening: None,
            first: None,
            refused: None,
            ended: None,
        }
    }

    /// Takes what came from the client.
    ///
    /// # Errors
    /// It is no request.
    pub fn client_said(&mut self, bytes: &[u8], now: Instant) -> Result<Cleared, Refusal> {
        if self.stage != Stage::Silent {
            // One request is all that there is.
            return if bytes.is_empty() { Ok(Cleared::default()) } else { Err(Refusal::NotHttp) };
        }
        let Some(length) = self.asking.end(bytes, self.head)? else { return Ok(Cleared::default()) };
        let head = bytes.get(..length).unwrap_or_default();
        let credentials = lines(head)
            .any(|line| line.get(..14).is_some_and(|name| name.eq_ignore_ascii_case(b"authorization:")));
        self.stage = Stage::Asked { credentials, due: now + self.answer };
        Ok(Cleared::all(length))
    }

    /// Takes what came from the camera.
    ///
    /// # Errors
    /// What came is not to reach the client.
    pub fn camera_said(&mut self, bytes: &[u8], now: Instant) -> Result<Cleared, Refusal> {
        let head = match self.stage {
            Stage::Silent if bytes.is_empty() => 0,
            Stage::Silent => return Err(Refusal::NotHttp),
            Stage::Asked { credentials, .. } => match self.answered(bytes, credentials)? {
                Some(length) => length,
                None => return Ok(Cleared::default()),
            },
            Stage::Answered | Stage::Again => 0,
        };
        let stream = bytes.get(head..).unwrap_or_default();
        if let Some(coding) = self.opening {
            match opens(stream, coding) {
                // What was passed on is not looked at again.
                None => return Ok(Cleared::all(head)),
                Some(false) => return Err(Refusal::NotFlv),
                Some(true) => self.opening = None,
            }
        }
        if self.plays && !stream.is_empty() {
            self.first.get_or_insert(now);
        }
        Ok(Cleared::all(bytes.len()))
    }

    /// Takes the head of an answer; its length, where it is there as a whole.
    fn answered(&mut self, bytes: &[u8], credentials: bool) -> Result<Option<usize>, Refusal> {
        // Whoever speaks something else is not waited for until it has said as much as a head may have.
        if !begins(bytes) {
            return Err(Refusal::NotHttp);
        }
        let Some(length) = self.answering.end(bytes, self.head)? else { return Ok(None) };
        let head = bytes.get(..length).unwrap_or_default();
        let code = lines(head).next().and_then(status);
        let code = code.ok_or(Refusal::NotHttp)?;
        match code {
            200..300 => {
                self.plays = true;
                self.opening = Some(coding(head));
            }
            300..400 => return Err(Refusal::Redirected),
            400.. => {}
            // FFmpeg takes what is no answer yet for one.
            _ => return Err(Refusal::NotHttp),
        }
        let refused = Refusal::of(code, false);
        (self.stage, self.refused) = match (refused, self.user) {
            // This is how it asks for a password.
            (Some(Refusal::Unauthorized), User::Given) if !credentials => (Stage::Again, None),
            (Some(Refusal::Unauthorized), User::None) => (Stage::Answered, Some(Refusal::NoUser)),
            (refused, _) => (Stage::Answered, refused),
        };
        Ok(Some(length))
    }

    /// Begins anew by another connection, where that is wanted.
    pub fn again(&mut self) -> bool {
        if self.stage != Stage::Again {
            return false;
        }
        self.stage = Stage::Silent;
        (self.asking, self.answering) = (Search::default(), Search::default());
        true
    }

    /// When the first of the stream came.
    pub fn first(&self) -> Option<Instant> {
        self.first
    }

    /// Until when an answer must be there; none while none is waited for.
    pub fn due(&self) -> Option<Instant> {
        match self.stage {
            Stage::Asked { due, .. } => Some(due),
            Stage::Silent | Stage::Answered | Stage::Again => None,
        }
    }

    /// It ended, for this reason. The first one counts.
    pub fn end(&mut self, why: Refusal) {
        self.ended.get_or_insert(why);
    }

    /// The camera closed the connection, or it broke.
    pub fn close(&mut self) {
        match self.stage {
            Stage::Again => {}
            Stage::Answered if self.first.is_some() => self.end(Refusal::BrokeOff),
            Stage::Silent | Stage::Asked { .. } | Stage::Answered => self.end(Refusal::Closed),
        }
    }

    /// Why it ended, or what the camera refused.
    pub fn refusal(&self) -> Option<Refusal> {
        match &self.ended {
            None | Some(Refusal::Closed) => self.refused.as_ref().or(self.ended.as_ref()),
            ended => ended.as_ref(),
        }
        .cloned()
    }
}

/// The lines of a head.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// How a head says that its body is written.
fn coding(head: &[u8]) -> Coding {
    let is_chunked = |line: &[u8]| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix(b"transfer-encoding:").is_some_and(|value| value.trim_ascii().ends_with(b"chunked"))
    };
    if lines(head).any(is_chunked) { Coding::Chunked } else { Coding::Plain }
}

/// The line before a chunk is no longer.
const LONGEST_SIZE: usize = 100;

/// Whether a body begins as FLV does; none while too little of it has come.
fn opens(body: &[u8], coding: Coding) -> Option<bool> {
    const FLV: &[u8] = b"FLV";
    let begin = match coding {
        Coding::Plain => body,
        Coding::Chunked => match body.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let size = body.iter().take(end).take_while(|byte| byte.is_ascii_hexdigit()).count();
                // One that is cut up so small is for FFmpeg to judge.
                if size == 1 && matches!(body.first(), Some(b'1' | b'2')) {
                    return Some(true);
                }
                body.get(end + 1..).unwrap_or_default()
            }
            None => return (body.len() > LONGEST_SIZE).then_some(false),
        },
    };
    if begin.len() < FLV.len() && FLV.starts_with(begin) { None } else { Some(begin.starts_with(FLV)) }
}

const VERSION: &[u8] = b"HTTP/1.";

/// Whether an answer may begin so.
fn begins(bytes: &[u8]) -> bool {
    VERSION.starts_with(bytes) || bytes.starts_with(VERSION)
}

/// The status in the first line of an answer, such as `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let [b'0' | b'1', b' ', rest @ ..] = line.strip_prefix(VERSION)? else { return None };
    let (code, after) = rest.split_at_checked(3)?;
    let is_end = after.is_empty() || after.starts_with(b" ");
    let code = code.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(code).ok())??;
    code.parse().ok().filter(|_| is_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = "GET /live/1.flv HTTP/1.1\r\nHost: gate\r\n\r\n";
    const SIGNED: &str = "GET /live/1.flv HTTP/1.1\r\nauthorization: Digest x\r\n\r\n";

    fn exchange(user: User) -> Exchange {
        Exchange::new(user, &GuardLimits::default())
    }

    /// What comes of an answer to this request.
    fn answered(user: User, asked: &str, answer: &str) -> (Exchange, Result<usize, Refusal>) {
        let (mut exchange, now) = (exchange(user), Instant::now());
        assert_eq!(exchange.client_said(asked.as_bytes(), now), Ok(Cleared::all(asked.len())));
        assert!(exchange.due().is_some_and(|due| due > now));
        let cleared = exchange.camera_said(answer.as_bytes(), now).map(|cleared| cleared.used);
        (exchange, cleared)
    }

    #[test]
    fn a_stream_passes_as_it_is() {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nFLV";
        let (mut exchange, passed) = answered(User::None, ASKED, answer);
        assert_eq!((passed, exchange.due(), exchange.refusal()), (Ok(answer.len()), None, None));
        assert!(exchange.first().is_some());
        // Whatever it holds: the status was read.
        let more = b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n";
        assert_eq!(exchange.camera_said(more, Instant::now()), Ok(Cleared::all(more.len())));
        exchange.close();
        assert_eq!(exchange.refusal(), Some(Refusal::BrokeOff));
    }

    #[test]
    fn what_is_no_flv_does_not_pass() {
        for (lines, body) in [
            ("", "<html>"),
            ("", "FLA"),
            ("", "#EXTM3U"),
            ("transfer-encoding: Chunked\r\n", "6\r\n<html>"),
            ("Transfer-Encoding: chunked\r\n", &"a".repeat(200)),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}");
            assert_eq!(answered(User::None, ASKED, &answer).1, Err(Refusal::NotFlv), "{lines}{body}");
        }
        // It may come byte by byte.
        for (lines, body) in [("", &b"FLV\x01"[..]), ("Transfer-Encoding: chunked\r\n", b"d;x=y\r\nFLV\x01")]
        {
            let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
            let (mut exchange, passed) = answered(User::None, ASKED, &head);
            assert_eq!(passed, Ok(head.len()));
            for length in 1..body.len() - 1 {
                assert_eq!(exchange.camera_said(&body[..length], Instant::now()), Ok(Cleared::default()));
            }
            assert_eq!(exchange.camera_said(body, Instant::now()), Ok(Cleared::all(body.len())));
            assert!(exchange.first().is_some());
        }
        assert_eq!(opens(b"1\r\nF\r\n", Coding::Chunked), Some(true));
    }

    #[test]
    fn the_head_may_come_byte_by_byte() {
        let (mut exchange, now) = (exchange(User::None), Instant::now());
        exchange.client_said(ASKED.as_bytes(), now).expect("a request");
        let answer = b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n";
        for length in 1..answer.len() {
            assert_eq!(exchange.camera_said(&answer[..length], now), Ok(Cleared::default()), "{length}");
        }
        assert_eq!(exchange.camera_said(answer, now), Ok(Cleared::all(answer.len())));
        assert_eq!(exchange.first(), None);
        exchange.close();
        assert_eq!(exchange.refusal(), Some(Refusal::Closed));
    }

    #[test]
    fn what_is_refused_is_told() {
        for (status, refusal) in [
            ("404 Not Found", Refusal::NoSuchStream),
            ("403 Forbidden", Refusal::Forbidden),
            ("503 Busy", Refusal::Answer { code: 503 }),
            ("401 Unauthorized", Refusal::Unauthorized),
        ] {
            let answer = format!("HTTP/1.1 {status}\r\n\r\nwhy");
            let (mut exchange, passed) = answered(User::Given, SIGNED, &answer);
            exchange.close();
            assert_eq!((passed, exchange.refusal()), (Ok(answer.len()), Some(refusal)));
        }
        let (exchange, _) = answered(User::None, ASKED, "HTTP/1.1 401 Unauthorized\r\n\r\n");
        assert_eq!(exchange.refusal(), Some(Refusal::NoUser));
    }

    #[test]
    fn a_password_that_is_asked_for_is_sent_by_another_connection() {
        let asks = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\r\n";
        let (mut exchange, _) = answered(User::Given, ASKED, asks);
        exchange.close();
        assert_eq!(exchange.refusal(), None);
        assert!(exchange.again() && !exchange.again());
        exchange.client_said(SIGNED.as_bytes(), Instant::now()).expect("a request");
        exchange.camera_said(asks.as_bytes(), Instant::now()).expect("an answer");
        assert!(!exchange.again(), "it has had its password");
        assert_eq!(exchange.refusal(), Some(Refusal::Unauthorized));
    }

    #[test]
    fn neither_redirects_nor_what_could_be_read_in_two_ways_pass() {
        for status in ["301 Moved", "302", "307 Temporary Redirect", "399 ?"] {
            let answer = format!("HTTP/1.1 {status}\r\nLocation: http://192.0.2.1/\r\n\r\n");
            assert_eq!(answered(User::None, ASKED, &answer).1, Err(Refusal::Redirected), "{status}");
        }
        for line in [
            "HTTP/1.1  302 Found",
            "HTTP/1.1 302x",
            "HTTP/1.1 +30 x",
            "HTTP/1.12 200 OK",
            "HTTP/1.1 100 Continue",
            "HTTP/2 200",
            "ICY 200 OK",
            "RTSP/1.0 200 OK",
            "HTTP/1.1",
            " HTTP/1.1 200 OK",
            "HTTP/1.1\t302",
        ] {
            assert_eq!(
                answered(User::None, ASKED, &format!("{line}\r\n\r\n")).1,
                Err(Refusal::NotHttp),
                "{line}"
            );
        }
        let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "a".repeat(64 << 10));
        assert!(matches!(answered(User::None, ASKED, &endless).1, Err(Refusal::TooLarge { .. })));
        // Who speaks before it was asked is no server of HTTP.
        assert_eq!(
            exchange(User::None).camera_said(b"HTTP/1.1 200 OK\r\n\r\n", Instant::now()),
            Err(Refusal::NotHttp)
        );
    }
}
