//! What client and camera say to each other: what may pass, what was refused, and until when an answer is due.

use std::{
    collections::VecDeque,
    ops::Range,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::{
    datagrams::{Datagrams, Framed, Port},
    interleaved::{Pictures, is_report},
    limits::GuardLimits,
    message::{Head, Method, Start},
    pieces::{Content, PREFIX, Pieces},
    refusal::Refusal,
    report::SenderReport,
};

/// Requests without an answer that are remembered. Some cameras never answer those that keep a session.
const UNANSWERED: usize = 32;

/// Whether the address of a camera has a user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// It has.
    Given,
    /// It has none.
    None,
}

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Each answer is waited for, until its deadline.
    SettingUp,
    /// Pictures may come. They show that the camera is there, so no answer is waited for.
    Playing,
    /// The client ends it. That the camera closes the connection then is as it should be.
    Ending,
}

/// A request that has no answer yet.
#[derive(Debug, Clone, Copy)]
struct Asked {
    sequence: Option<u64>,
    method: Method,
    credentials: bool,
    due: Instant,
}

/// What passes.
#[derive(Debug, PartialEq, Eq)]
pub enum Passing {
    /// These of the bytes at hand, as they are.
    Same(Range<usize>),
    /// Others in their place.
    Other(Vec<u8>),
}

/// What of the bytes at hand may pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// What is passed on, in this order.
    pub pass: Vec<Passing>,
    /// How many bytes are done with. What follows is the beginning of a piece that has not come as a whole.
    pub used: usize,
}

impl Cleared {
    /// So many bytes pass, and nothing waits.
    pub fn all(length: usize) -> Self {
        let mut cleared = Self::default();
        if length > 0 {
            cleared.passes(length);
        }
        cleared
    }

    fn passes(&mut self, length: usize) {
        let end = self.used + length;
        match self.pass.last_mut() {
            Some(Passing::Same(last)) if last.end == self.used => last.end = end,
            _ => self.pass.push(Passing::Same(self.used..end)),
        }
        self.used = end;
    }

    fn replaces(&mut self, length: usize, by: Vec<u8>) {
        self.pass.push(Passing::Other(by));
        self.used += length;
    }
}

/// A conversation, as far as it went. It does no input and output and knows no time but what it is told.
#[derive(Debug)]
pub struct Conversation {
    user: User,
    answer: Duration,
    stage: Stage,
    camera: Pieces,
    client: Pieces,
    asked: VecDeque<Asked>,
    /// The answer whose body is still coming, and to what.
    answering: Option<(Head, Option<Asked>)>,
    pictures: Pictures,
    /// Where packets come beside the connection.
    datagrams: Option<Datagrams>,
    report: Option<SenderReport>,
    /// When the first packet of pictures came.
    first: Option<Instant>,
    /// What the last answer refused.
    refused: Option<Refusal>,
    /// Why it ended.
    ended: Option<Refusal>,
}

impl Conversation {
    /// One that begins, with a camera in whose address there is a user name or none.
    pub fn new(user: User, limits: &GuardLimits) -> Self {
        Self {
            user,
            answer: limits.answer,
            stage: Stage::SettingUp,
            camera: Pieces::new(limits.header, limits.body),
            client: Pieces::new(limits.header, limits.body),
            asked: VecDeque::new(),
            answering: None,
            pictures: Pictures::new(limits.access_unit),
            datagrams: None,
            report: None,
            first: None,
            refused: None,
            ended: None,
        }
    }

    /// Packets are to come beside the connection.
    pub fn by_datagrams(&mut self, datagrams: Datagrams) {
        self.datagrams = Some(datagrams);
    }

    /// What comes beside the connection, where anything does.
    pub fn datagrams(&self) -> Option<&Datagrams> {
        self.datagrams.as_ref()
    }

    /// Whether what comes beside the connection may pass now: once it plays, and not within a message.
    pub fn is_between(&self) -> bool {
        self.stage != Stage::SettingUp && self.answering.is_none() && !self.camera.is_within()
    }

    /// Takes what came beside the connection, if anything did, and says what is to be passed on.
    ///
    /// # Errors
    /// What came is not to reach the client.
    pub fn beside(
        &mut self,
        came: Option<(Port, &[u8])>,
        now: Instant,
        wall: Timestamp,
    ) -> Result<Vec<Framed>, Refusal> {
        let Some(datagrams) = &mut self.datagrams else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        if let Some((port, bytes)) = came {
            all.extend(datagrams.take(port, bytes, now));
        }
        loop {
            let next = datagrams.next(now)?;
            if next.is_empty() {
                break;
            }
            all.extend(next);
        }
        for Framed { channel, packet, .. } in all.iter().filter(|framed| framed.of_camera) {
            self.came(*channel, packet, now, wall)?;
        }
        Ok(all)
    }

    /// Notes what a packet of the camera says.
    fn came(&mut self, channel: u8, packet: &[u8], now: Instant, wall: Timestamp) -> Result<(), Refusal> {
        if is_report(packet) {
            self.report = SenderReport::read(packet, now, wall).or(self.report);
            return Ok(());
        }
        self.first.get_or_insert(now);
        self.pictures.count(channel, packet)
    }

    /// Takes what came from the client: the bytes that are there and not done with.
    ///
    /// # Errors
    /// It is no RTSP.
    pub fn client_said(&mut self, bytes: &[u8], now: Instant) -> Result<Cleared, Refusal> {
        let mut cleared = Cleared::default();
        loop {
            let rest = bytes.get(cleared.used..).unwrap_or_default();
            let Some(piece) = self.client.next(rest)? else { return Ok(cleared) };
            let mut other = None;
            if let Content::Head(Head {
                start: Start::Request(method),
                sequence,
                credentials,
                channels,
                ..
            }) = piece.content
            {
                if let Some(channels) = channels {
                    self.camera.expect(channels);
                    let head = rest.get(..piece.length).unwrap_or_default();
                    other = self.datagrams.as_mut().and_then(|datagrams| datagrams.asks(head, channels));
                }
                if method == Method::End {
                    self.stage = Stage::Ending;
                }
                if self.asked.len() >= UNANSWERED {
                    self.asked.pop_front();
                }
                self.asked.push_back(Asked { sequence, method, credentials, due: now + self.answer });
            }
            match other {
                Some(other) => cleared.replaces(piece.length, other),
                None => cleared.passes(piece.length),
            }
        }
    }

    /// Takes what came from the camera: the bytes that are there and not done with. What is neither message nor packet does not
    /// pass.
    ///
    /// # Errors
    /// What came is not to reach the client.
    pub fn camera_said(&mut self, bytes: &[u8], now: Instant, wall: Timestamp) -> Result<Cleared, Refusal> {
        let mut cleared = Cleared::default();
        loop {
            let rest = bytes.get(cleared.used..).unwrap_or_default();
            let Some(piece) = self.camera.next(rest)? else { return Ok(cleared) };
            let bytes = rest.get(..piece.length).unwrap_or_default();
            match piece.content {
                Content::Head(head) => {
                    let other = self.datagrams.as_mut().and_then(|datagrams| datagrams.hears(bytes));
                    self.heard(head)?;
                    if let Some(other) = other {
                        cleared.replaces(piece.length, other);
                        continue;
                    }
                }
                Content::Body | Content::BodyEnd => {
                    let is_last = piece.content == Content::BodyEnd;
                    if let Some(datagrams) = &mut self.datagrams {
                        datagrams.described(bytes, is_last);
                    }
                    if is_last {
                        self.answered();
                    }
                }
                Content::Packet(channel) => {
                    let packet = bytes.get(PREFIX..).unwrap_or_default();
                    self.came(channel, packet, now, wall)?;
                }
                Content::Stray => {
                    cleared.used += piece.length;
                    continue;
                }
            }
            cleared.passes(piece.length);
        }
    }

    /// When the first packet of pictures came.
    pub fn first(&self) -> Option<Instant> {
        self.first
    }

    /// Takes the head of a message of the camera.
    fn heard(&mut self, head: Head) -> Result<(), Refusal> {
        let Start::Answer { code, .. } = head.start else { return Ok(()) };
        match code {
            // More of it is to come.
            100..200 => return Ok(()),
            300..400 => return Err(Refusal::Redirected),
            _ => {}
        }
        // Some cameras give a wrong number. Then it is the oldest that is answered, for one waits for each while setting up.
        let known = self.asked.iter().position(|asked| asked.sequence == head.sequence);
        let at = match self.stage {
            Stage::SettingUp => known.or((!self.asked.is_empty()).then_some(0)),
            Stage::Playing | Stage::Ending => known,
        };
        let asked = at.and_then(|at| self.asked.drain(..=at).next_back());
        self.answering = Some((head, asked));
        if head.body == 0 {
            self.answered();
        }
        Ok(())
    }

    /// An answer is there as a whole.
    fn answered(&mut self) {
        let Some((head, asked)) = self.answering.take() else { return };
        let Start::Answer { code, locked } = head.start else { return };
        if self.stage != Stage::SettingUp {
            return;
        }
        self.refused = match (Refusal::of(code, locked), self.user, asked) {
            // It has not been told the password: this is how it asks for it.
            (Some(Refusal::Unauthorized), User::Given, Some(Asked { credentials: false, .. })) => None,
            (Some(Refusal::Unauthorized), User::None, _) => Some(Refusal::NoUser),
            (refused, _, _) => refused,
        };
        if code >= 300 {
            return;
        }
        if let Some(channels) = head.channels {
            self.camera.expect(channels);
        }
        if asked.is_some_and(|asked| asked.method == Method::Play) {
            self.stage = Stage::Playing;
        }
    }

    /// Until when an answer must be there as a whole; none while none is waited for.
    pub fn due(&self) -> Option<Instant> {
        if self.stage != Stage::SettingUp {
            return None;
        }
        let answering = self.answering.as_ref().and_then(|(_, asked)| *asked);
        let waited = self.asked.iter().filter(|asked| asked.method != Method::Other);
        waited.chain(&answering).map(|asked| asked.due).min()
    }

    /// It ended, for this reason. The first one counts.
    pub fn end(&mut self, why: Refusal) {
        self.ended.get_or_insert(why);
    }

    /// The camera closed the connection, or it broke.
    pub fn close(&mut self) {
        self.end(match self.stage {
            Stage::SettingUp => Refusal::Closed,
            Stage::Playing => Refusal::BrokeOff,
            Stage::Ending => return,
        });
    }

    /// Why it ended, or what the camera refused.
    pub fn refusal(&self) -> Option<Refusal> {
        match &self.ended {
            // A camera that refuses something often closes the connection, too, or falls silent.
            None | Some(Refusal::Closed | Refusal::Silent) => self.refused.as_ref().or(self.ended.as_ref()),
            ended => ended.as_ref(),
        }
        .cloned()
    }

    /// The last that the camera said of its clock.
    pub fn report(&self) -> Option<SenderReport> {
        self.report
    }
}
