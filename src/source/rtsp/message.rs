//! The heads of RTSP messages (RFC 2326). They are read strictly: what FFmpeg could read in another way than the guard is refused,
//! or an answer that the guard does not let through could hide in one that it does.

use super::{
    interleaved::Channels,
    refusal::{Bounded, Refusal},
};

/// The longest name of a method. The longest that there is has 13 letters.
const LONGEST_METHOD: usize = 24;
/// What an answer begins with.
pub const ANSWER: &[u8] = b"RTSP/1.";

/// What a message is, by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An answer.
    Answer {
        /// Its status, 100 to 999.
        code: u16,
        /// Whether its words say that somebody is locked out.
        locked: bool,
    },
    /// A request, of the client or of the camera.
    Request(Method),
}

/// What a request asks for, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// To say what the stream is, to set it up, and the question with which FFmpeg begins: each a step towards pictures.
    Step,
    /// To send pictures.
    Play,
    /// To end the session.
    End,
    /// Anything else, such as to keep the session.
    Other,
}

/// What the guard reads of a message before its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Answer or request.
    pub start: Start,
    /// The number that request and answer have in common, where it is one.
    pub sequence: Option<u64>,
    /// The bytes of the body.
    pub body: usize,
    /// Whether user name and password are in it, in whatever form.
    pub credentials: bool,
    /// Which channels media and their reports come by.
    pub channels: Option<Channels>,
}

/// How the bytes at hand begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// As a message does.
    Message,
    /// Too short to say.
    Unclear,
    /// As no message does.
    Other,
}

/// Whether these bytes begin as a message does.
pub fn opening(bytes: &[u8]) -> Opening {
    if ANSWER.starts_with(bytes) {
        return Opening::Unclear;
    }
    if bytes.starts_with(ANSWER) {
        return Opening::Message;
    }
    let method = |b: &u8| b.is_ascii_uppercase() || *b == b'_';
    let letters = bytes.iter().take_while(|b| method(b)).count();
    match bytes.get(letters) {
        _ if letters > LONGEST_METHOD => Opening::Other,
        None => Opening::Unclear,
        Some(b' ') if letters >= 3 => Opening::Message,
        Some(_) => Opening::Other,
    }
}

/// How far the end of a head has been looked for. One that comes byte by byte is not searched from its beginning each time.
#[derive(Debug, Default)]
pub struct Search {
    seen: usize,
    line: usize,
}

impl Search {
    /// The length of the head that the bytes begin with, its blank line counted; none while that has not come.
    ///
    /// # Errors
    /// The head is longer than `most`.
    pub fn end(&mut self, bytes: &[u8], most: usize) -> Result<Option<usize>, Refusal> {
        let fresh = bytes.iter().enumerate().take(most).skip(self.seen);
        for (at, _) in fresh.filter(|(_, byte)| **byte == b'\n') {
            if matches!(bytes.get(self.line..at), Some(b"" | b"\r")) {
                *self = Self::default();
                return Ok(Some(at + 1));
            }
            self.line = at + 1;
        }
        self.seen = bytes.len().min(most);
        if bytes.len() > most {
            return Err(Refusal::TooLarge { what: Bounded::Head, most });
        }
        Ok(None)
    }
}

impl Head {
    /// Reads a head, from its first line to the blank one. A body may have `most` bytes.
    ///
    /// # Errors
    /// It is no head, could be read in two ways, or announces too large a body.
    pub fn read(bytes: &[u8], most: usize) -> Result<Self, Refusal> {
        let mut lines =
            bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = lines.next().unwrap_or_default();
        let mut head = Self {
            start: Start::read(text(first)?)?,
            sequence: None,
            body: 0,
            credentials: false,
            channels: None,
        };
        let mut length = None;
        for line in lines.filter(|line| !line.is_empty()) {
            let line = text(line)?;
            // FFmpeg takes a '$' that begins a line for the beginning of a packet, also within a head.
            if line.starts_with('$') {
                return Err(Refusal::NotRtsp);
            }
            let Some((written, value)) = line.split_once(':') else { continue };
            let name = written.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let told = announced(value, most)?;
                if name != written || length.is_some_and(|earlier| earlier != told) {
                    return Err(Refusal::NotRtsp);
                }
                length = Some(told);
            } else if name.eq_ignore_ascii_case("cseq") {
                head.sequence = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("authorization") {
                head.credentials = true;
            } else if name.eq_ignore_ascii_case("transport") {
                head.channels = Channels::of(value);
            }
        }
        head.body = length.unwrap_or(0);
        Ok(head)
    }
}

/// A line. FFmpeg leaves out carriage returns wherever they stand and ends a line at a zero, so within one neither is taken.
fn text(line: &[u8]) -> Result<&str, Refusal> {
    let odd = line.iter().any(|byte| matches!(byte, b'\r' | 0));
    // Only what is compared with ASCII counts. A camera's name in another encoding ends what is read of its line.
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => line
            .get(..error.valid_up_to())
            .and_then(|known| std::str::from_utf8(known).ok())
            .unwrap_or_default(),
    };
    if odd { Err(Refusal::NotRtsp) } else { Ok(text) }
}

/// The length of a body, as a header line tells it. FFmpeg reads no more of a line than 4 kB, so a number far behind is none.
fn announced(value: &str, most: usize) -> Result<usize, Refusal> {
    let digits = value.trim_ascii();
    if value.len() > 100 || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::NotRtsp);
    }
    // A number that no integer holds is too large, whatever it is.
    let length = digits.parse().ok().filter(|length| *length <= most);
    length.ok_or(Refusal::TooLarge { what: Bounded::Body, most })
}

impl Start {
    fn read(line: &str) -> Result<Self, Refusal> {
        let mut words = line.split(' ').filter(|word| !word.is_empty());
        let first = words.next().ok_or(Refusal::NotRtsp)?;
        if first.starts_with("RTSP/") {
            let code = words.next().filter(|code| code.len() == 3 && !code.starts_with('+'));
            let code = code.and_then(|code| code.parse().ok()).filter(|code| *code >= 100);
            let reason = words.collect::<Vec<_>>().join(" ").to_ascii_lowercase();
            let locked = reason.contains("locked") || reason.contains("lockout");
            return Ok(Self::Answer { code: code.ok_or(Refusal::NotRtsp)?, locked });
        }
        if !words.next_back().is_some_and(|version| version.starts_with("RTSP/")) {
            return Err(Refusal::NotRtsp);
        }
        Ok(Self::Request(match first {
            "OPTIONS" | "DESCRIBE" | "SETUP" => Method::Step,
            "PLAY" => Method::Play,
            "TEARDOWN" => Method::End,
            _ => Method::Other,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Head, Refusal> {
        Head::read(text.as_bytes(), 1000)
    }

    #[test]
    fn heads_are_read() {
        let answer = "RTSP/1.0 200 OK\r\ncseq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=1\r\nContent-Length: 12\r\n\r\n";
        let start = Start::Answer { code: 200, locked: false };
        let channels = Some(Channels { media: 2, reports: 3 });
        assert_eq!(
            read(answer),
            Ok(Head { start, sequence: Some(3), body: 12, credentials: false, channels })
        );
        let request =
            "PLAY rtsp://h/s RTSP/1.0\nCSeq: 4\nAuthorization: Digest username=\"u\"\nRange: npt=0-\n\n";
        let start = Start::Request(Method::Play);
        assert_eq!(
            read(request),
            Ok(Head { start, sequence: Some(4), body: 0, credentials: true, channels: None })
        );
        let locked = Start::Answer { code: 401, locked: true };
        assert_eq!(
            read("RTSP/1.0 401 User is Locked\r\nCSeq: odd\r\n\r\n").map(|head| head.start),
            Ok(locked)
        );
        // A name in GBK stands in a header line that does not matter.
        let gbk = b"RTSP/1.0 200 OK\r\nServer: \xc9\xe3\xcf\xf1\r\nCSeq: 1\r\n\r\n";
        assert_eq!(Head::read(gbk, 0).map(|head| head.sequence), Ok(Some(1)));
    }

    #[test]
    fn what_two_could_read_in_two_ways_is_refused() {
        for odd in [
            "RTSP/1.0 OK\r\n\r\n",
            "RTSP/1.0 2000 OK\r\n\r\n",
            "RTSP/1.0 302x Found\r\n\r\n",
            "RTSP/1.0 +99 Found\r\n\r\n",
            "RTSP/1.0\r\n\r\n",
            "HELLO there\r\n\r\n",
            "RTSP/1.0 200 OK\r\nContent-Le\rngth: 5\r\n\r\n",
            "RTSP/1.0 200 OK\r\nContent-Length : 5\r\n\r\n",
            "RTSP/1.0 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            "RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n",
            "RTSP/1.0 200 OK\r\nContent-Length: 5,5\r\n\r\n",
            "RTSP/1.0 200 OK\r\nX: y\0\r\n\r\n",
            "RTSP/1.0 200 OK\r\n$abc\r\n\r\n",
        ] {
            assert_eq!(read(odd), Err(Refusal::NotRtsp), "{odd:?}");
        }
        for large in ["1001", "4294967300", "99999999999999999999999999"] {
            let text = format!("RTSP/1.0 200 OK\r\nContent-Length: {large}\r\n\r\n");
            assert_eq!(read(&text), Err(Refusal::TooLarge { what: Bounded::Body, most: 1000 }));
        }
    }

    #[test]
    fn the_end_of_a_head_is_found_byte_by_byte() {
        let text = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nbody\n\n";
        let mut search = Search::default();
        let mut ends = (1..=text.len()).map(|length| search.end(&text[..length], 100).expect("short"));
        assert_eq!(ends.position(|end| end == Some(28)), Some(27));
        assert_eq!(Search::default().end(text, 28), Ok(Some(28)));
        let too_large = Err(Refusal::TooLarge { what: Bounded::Head, most: 27 });
        assert_eq!(Search::default().end(text, 27), too_large);
    }

    #[test]
    fn openings_are_known_as_soon_as_they_can_be() {
        for (bytes, is) in [
            ("R", Opening::Unclear),
            ("RTSP/1", Opening::Unclear),
            ("RTSP/1.0", Opening::Message),
            ("RTSP/2.0", Opening::Other),
            ("OPT", Opening::Unclear),
            ("OPTIONS *", Opening::Message),
            ("GET_PARAMETER r", Opening::Message),
            ("HTTP/1.1 200 OK", Opening::Other),
            ("options", Opening::Other),
            ("AB c", Opening::Other),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", Opening::Other),
            ("\u{1}", Opening::Other),
        ] {
            assert_eq!(opening(bytes.as_bytes()), is, "{bytes:?}");
        }
    }
}
