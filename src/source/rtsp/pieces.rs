//! What comes by an RTSP connection, piece by piece: heads of messages, their bodies, packets in between, and what is neither.

use super::{
    interleaved::Channels,
    message::{self, ANSWER, Head, Opening, Search},
    refusal::Refusal,
};

/// The bytes before a packet: `$`, the channel, the length in two bytes.
pub const PREFIX: usize = 4;
/// A shorter packet holds nothing. FFmpeg would read its content as if a message stood there.
const SHORTEST: usize = 8;
/// The length of `RTSP/1.0 200`.
const STATUS: usize = 12;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// The whole head of a message.
    Head(Head),
    /// A part of its body, with more to come.
    Body,
    /// The last part of its body.
    BodyEnd,
    /// A whole packet of this channel, with its [`PREFIX`].
    Packet(u8),
    /// Neither message nor packet.
    Stray,
}

/// A piece at the beginning of the bytes that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub content: Content,
    /// Its length in bytes, at least 1.
    pub length: usize,
}

/// Takes one direction of a connection apart. It holds no bytes.
#[derive(Debug)]
pub struct Pieces {
    /// The most that a head and that a body may have, in bytes.
    head: usize,
    body: usize,
    search: Search,
    /// What is still to come of a body.
    left: usize,
    /// Strays since the last piece that was none. Their number says that the thread is lost.
    lost: usize,
    /// Among these channels the thread is found again.
    channels: Option<Channels>,
}

impl Pieces {
    /// Heads of `head` bytes at most, bodies of `body`.
    pub fn new(head: usize, body: usize) -> Self {
        Self { head, body, search: Search::default(), left: 0, lost: 0, channels: None }
    }

    /// From now on packets may come by these channels. What is no piece is then passed over up to the next of them, as some
    /// cameras send some bytes too many; before, it is refused.
    pub fn expect(&mut self, channels: Channels) {
        self.channels = Some(channels);
    }

    /// Whether more of a body is to come.
    pub fn is_within(&self) -> bool {
        self.left > 0
    }

    /// The piece that these bytes begin with; none while it has not come as a whole.
    ///
    /// # Errors
    /// What came is too large, or no RTSP.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<Piece>, Refusal> {
        let Some(first) = bytes.first() else { return Ok(None) };
        if self.left > 0 {
            let length = self.left.min(bytes.len());
            self.left -= length;
            let content = if self.left == 0 { Content::BodyEnd } else { Content::Body };
            return Ok(Some(Piece { content, length }));
        }
        if self.lost > 0 {
            match self.resumes(bytes) {
                Opening::Message => self.lost = 0,
                Opening::Unclear => return Ok(None),
                Opening::Other => return self.stray(bytes).map(Some),
            }
        }
        match first {
            b'$' => Ok(packet(bytes)),
            // Blank lines between messages mean nothing.
            b'\r' | b'\n' => {
                let length = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                Ok(Some(Piece { content: Content::Stray, length }))
            }
            _ => match message::opening(bytes) {
                Opening::Message => self.message(bytes),
                Opening::Unclear => Ok(None),
                Opening::Other => self.stray(bytes).map(Some),
            },
        }
    }

    fn message(&mut self, bytes: &[u8]) -> Result<Option<Piece>, Refusal> {
        let Some(length) = self.search.end(bytes, self.head)? else { return Ok(None) };
        let head = Head::read(bytes.get(..length).unwrap_or_default(), self.body)?;
        self.left = head.body;
        Ok(Some(Piece { content: Content::Head(head), length }))
    }

    /// Passes over what begins neither message nor packet, up to what may. No more of it is passed over than a head may have.
    fn stray(&mut self, bytes: &[u8]) -> Result<Piece, Refusal> {
        if self.channels.is_none() {
            return Err(Refusal::NotRtsp);
        }
        let begins = |at: &usize| bytes.get(*at..).is_some_and(|rest| self.resumes(rest) != Opening::Other);
        let length = (1..bytes.len()).find(begins).unwrap_or(bytes.len());
        self.lost = self.lost.saturating_add(length);
        if self.lost > self.head {
            return Err(Refusal::NotRtsp);
        }
        Ok(Piece { content: Content::Stray, length })
    }

    /// Whether an answer or a packet of a known channel begins here. Among strays, anything less would be found by chance.
    fn resumes(&self, bytes: &[u8]) -> Opening {
        if let [b'$', rest @ ..] = bytes {
            let known = |channel: u8| self.channels.is_some_and(|channels| channels.have(channel));
            return match rest {
                [channel, ..] if !known(*channel) => Opening::Other,
                [_, high, low, version, ..] => {
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    let is_packet = length >= SHORTEST && version >> 6 == 2;
                    if is_packet { Opening::Message } else { Opening::Other }
                }
                _ => Opening::Unclear,
            };
        }
        // A request of the camera is too short to be told from what is none.
        let status = |at: usize, byte: u8| match (at, ANSWER.get(at)) {
            (_, Some(known)) => byte == *known,
            (8, None) => byte == b' ',
            (_, None) => byte.is_ascii_digit(),
        };
        let begin = bytes.get(..bytes.len().min(STATUS)).unwrap_or_default();
        match begin.iter().enumerate().all(|(at, byte)| status(at, *byte)) {
            false => Opening::Other,
            true if begin.len() < STATUS => Opening::Unclear,
            true => Opening::Message,
        }
    }
}

fn packet(bytes: &[u8]) -> Option<Piece> {
    let [_, channel, high, low, ..] = bytes else { return None };
    let content = usize::from(u16::from_be_bytes([*high, *low]));
    let length = PREFIX + content;
    let content = if content < SHORTEST { Content::Stray } else { Content::Packet(*channel) };
    (bytes.len() >= length).then_some(Piece { content, length })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::{message::Start, refusal::Bounded},
        *,
    };

    fn pieces() -> Pieces {
        let mut pieces = Pieces::new(1000, 100);
        pieces.expect(Channels { media: 0, reports: 1 });
        pieces
    }

    fn frame(channel: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![b'$', channel];
        frame.extend(u16::try_from(length).expect("short").to_be_bytes());
        frame.extend((0..length).map(|at| if at == 0 { 0x80 } else { b'$' }));
        frame
    }

    /// What is told of bytes that come in parts of these lengths, bodies as one, strays as one.
    fn told(mut pieces: Pieces, bytes: &[u8], parts: &[usize]) -> Result<Vec<(String, usize)>, Refusal> {
        let mut told: Vec<(String, usize)> = Vec::new();
        let (mut begin, mut end) = (0, 0);
        let mut parts = parts.iter().cycle();
        while end < bytes.len() {
            end = (end + parts.next().expect("endless")).min(bytes.len());
            while let Some(piece) = pieces.next(&bytes[begin..end])? {
                begin += piece.length;
                let name = match piece.content {
                    Content::Head(Head { start: Start::Answer { code, .. }, .. }) => format!("{code}"),
                    Content::Head(_) => "request".to_owned(),
                    Content::Body | Content::BodyEnd => "body".to_owned(),
                    Content::Packet(channel) => format!("packet {channel}"),
                    Content::Stray => "stray".to_owned(),
                };
                match told.last_mut() {
                    Some((last, length)) if *last == name && ["body", "stray"].contains(&&*name) => {
                        *length += piece.length
                    }
                    _ => told.push((name, piece.length)),
                }
            }
        }
        told.push(("left".to_owned(), end - begin));
        Ok(told)
    }

    fn stream() -> Vec<u8> {
        [
            &b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 9\r\n\r\n$\0\0\x05$$$\r\n"[..],
            b"\r\n\r\n",
            &frame(0, 30),
            &frame(1, 8),
            b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n",
            &frame(7, 12),
            // Too short to be a packet.
            &frame(0, 0),
            &frame(0, 5),
            // Garbage, also such as begins like a packet.
            b"garbage $$\0\0\0 RTSP/9 $OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n$\0\xff\xff\0$\x09\0\x20\x80",
            &frame(0, 8),
            b"RTSP/1.0 404 Gone\r\n\r\nRTSP/1.0 200 OK\r\n\r\n",
            &frame(0, 65535),
            b"RTSP/1.",
        ]
        .concat()
    }

    fn expected() -> Vec<(String, usize)> {
        [
            ("200", 47),
            ("body", 9),
            ("stray", 4),
            ("packet 0", 34),
            ("packet 1", 12),
            ("request", 31),
            ("packet 7", 16),
            ("stray", 4 + 9 + 63),
            ("packet 0", 12),
            ("404", 21),
            ("200", 19),
            ("packet 0", 65539),
            ("left", 7),
        ]
        .map(|(name, length)| (name.to_owned(), length))
        .into()
    }

    #[test]
    fn a_connection_is_taken_apart() {
        assert_eq!(told(pieces(), &stream(), &[usize::MAX >> 1]), Ok(expected()));
        assert_eq!(told(pieces(), &stream(), &[1]), Ok(expected()));
    }

    proptest! {
        #[test]
        fn it_is_the_same_however_it_comes(parts in prop::collection::vec(1_usize..90, 1..40)) {
            prop_assert_eq!(told(pieces(), &stream(), &parts), Ok(expected()));
        }

        #[test]
        fn whatever_comes_is_taken_apart_or_refused(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'$'), Just(b'\n'), Just(0), Just(b'R')], 0..3000),
            part in 1_usize..100,
        ) {
            if let Ok(told) = told(pieces(), &bytes, &[part]) {
                prop_assert_eq!(told.iter().map(|(_, length)| length).sum::<usize>(), bytes.len());
            }
        }
    }

    #[test]
    fn before_packets_may_come_strays_are_refused() {
        for text in ["HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\0", "SSH-2.0-x\r\n", "abc"] {
            assert_eq!(Pieces::new(1000, 100).next(text.as_bytes()), Err(Refusal::NotRtsp), "{text}");
        }
    }

    #[test]
    fn no_more_is_passed_over_than_a_head_may_have() {
        assert_eq!(told(pieces(), &[7; 1001], &[90]), Err(Refusal::NotRtsp));
        assert!(told(pieces(), &[7; 1000], &[90]).is_ok());
    }

    #[test]
    fn heads_and_bodies_are_bounded() {
        let endless = [&b"RTSP/1.0 200 OK\r\nX: "[..], &[b'a'; 1000]].concat();
        let most = Refusal::TooLarge { what: Bounded::Head, most: 1000 };
        assert_eq!(told(pieces(), &endless, &[10]), Err(most));
        let body = b"RTSP/1.0 200 OK\r\nContent-Length: 4000000000\r\n\r\n";
        assert_eq!(told(pieces(), body, &[10]), Err(Refusal::TooLarge { what: Bounded::Body, most: 100 }));
    }
}
