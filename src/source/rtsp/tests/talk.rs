//! What is made of a conversation, without a connection.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    super::{
        GuardLimits, Refusal,
        conversation::{Conversation, Passing, User},
    },
    answer, packet, report, request,
};

/// The bytes at hand that pass.
fn same(bytes: &[u8], passing: Passing) -> Vec<u8> {
    let Passing::Same(range) = passing else { panic!("others pass in their place") };
    bytes[range].to_vec()
}

struct Talk {
    conversation: Conversation,
    now: Instant,
}

impl Talk {
    fn new(user: User) -> Self {
        Self { conversation: Conversation::new(user, &GuardLimits::default()), now: Instant::now() }
    }

    fn ask(&mut self, request: &str) {
        let cleared = self.conversation.client_said(request.as_bytes(), self.now).expect("RTSP");
        assert_eq!(cleared.used, request.len());
    }

    /// What passes of this.
    fn hear(&mut self, bytes: impl AsRef<[u8]>) -> Result<Vec<u8>, Refusal> {
        let bytes = bytes.as_ref();
        let cleared = self.conversation.camera_said(bytes, self.now, Timestamp::UNIX_EPOCH)?;
        Ok(cleared.pass.into_iter().flat_map(|passing| same(bytes, passing)).collect())
    }

    fn asks_and_hears(&mut self, request: &str, answer: &str) -> Option<Refusal> {
        self.ask(request);
        assert_eq!(self.hear(answer), Ok(answer.as_bytes().into()));
        self.conversation.refusal()
    }

    fn plays(&mut self) {
        assert_eq!(self.asks_and_hears(&request("PLAY", 90, ""), &answer("200 OK", 90, "", "")), None);
    }
}

#[test]
fn a_password_is_wrong_when_it_was_sent() {
    let with = "Authorization: Digest x\r\n";
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";
    let mut talk = Talk::new(User::Given);
    let refused = answer("401 Unauthorized", 1, challenge, "");
    assert_eq!(talk.asks_and_hears(&request("DESCRIBE", 1, ""), &refused), None);
    let refused = answer("401 Unauthorized", 2, challenge, "");
    assert_eq!(talk.asks_and_hears(&request("DESCRIBE", 2, with), &refused), Some(Refusal::Unauthorized));
    // It was only that the nonce had become old.
    let granted = answer("200 OK", 3, "", "v=0");
    assert_eq!(talk.asks_and_hears(&request("DESCRIBE", 3, with), &granted), None);

    let mut talk = Talk::new(User::None);
    let refused = answer("401 Unauthorized", 1, challenge, "");
    assert_eq!(talk.asks_and_hears(&request("DESCRIBE", 1, ""), &refused), Some(Refusal::NoUser));
}

#[test]
fn what_is_refused_while_playing_is_no_refusal() {
    let mut talk = Talk::new(User::Given);
    talk.plays();
    let refused = answer("401 Unauthorized", 5, "", "");
    let keep = request("GET_PARAMETER", 5, "Authorization: Digest x\r\n");
    assert_eq!(talk.asks_and_hears(&keep, &refused), None);
    talk.conversation.close();
    assert_eq!(talk.conversation.refusal(), Some(Refusal::BrokeOff));
}

#[test]
fn what_was_refused_counts_for_more_than_that_it_closed_then() {
    let mut talk = Talk::new(User::Given);
    talk.asks_and_hears(&request("DESCRIBE", 1, ""), &answer("404 Not Found", 1, "", ""));
    talk.conversation.close();
    assert_eq!(talk.conversation.refusal(), Some(Refusal::NoSuchStream));
    talk.conversation.end(Refusal::Redirected);
    assert_eq!(talk.conversation.refusal(), Some(Refusal::NoSuchStream), "the first end counts");

    let mut talk = Talk::new(User::Given);
    talk.conversation.close();
    assert_eq!(talk.conversation.refusal(), Some(Refusal::Closed));
}

#[test]
fn answers_are_due_until_pictures_come() {
    let within = GuardLimits::default().answer;
    let mut talk = Talk::new(User::Given);
    assert_eq!(talk.conversation.due(), None);
    let began = talk.now;
    talk.ask(&request("OPTIONS", 1, ""));
    assert_eq!(talk.conversation.due(), Some(began + within));
    // The answer is not there before its body is.
    talk.now += Duration::from_secs(1);
    let whole = answer("200 OK", 1, "", "body");
    let (first, last) = whole.split_at(whole.len() - 1);
    talk.hear(first).expect("an answer");
    assert_eq!(talk.conversation.due(), Some(began + within));
    talk.hear(last).expect("an answer");
    assert_eq!(talk.conversation.due(), None);
    // A wrong number answers all the same, an answer to come does not.
    talk.ask(&request("DESCRIBE", 2, ""));
    talk.hear(answer("100 Continue", 2, "", "")).expect("an answer");
    assert_eq!(talk.conversation.due(), Some(talk.now + within));
    talk.hear(answer("200 OK", 1, "", "")).expect("an answer");
    assert_eq!(talk.conversation.due(), None);
    // What keeps a session needs no answer while pictures come, nor does its end.
    talk.plays();
    for sequence in 100..300 {
        talk.ask(&request("GET_PARAMETER", sequence, ""));
        talk.ask(&request("OPTIONS", sequence, ""));
    }
    assert_eq!(talk.conversation.due(), None);

    let mut talk = Talk::new(User::Given);
    talk.ask(&request("DESCRIBE", 1, ""));
    talk.ask(&request("TEARDOWN", 2, ""));
    assert_eq!(talk.conversation.due(), None);
    talk.conversation.close();
    assert_eq!(talk.conversation.refusal(), None);
}

#[test]
fn answers_that_come_together_are_told_apart() {
    let mut talk = Talk::new(User::Given);
    talk.ask(&(request("OPTIONS", 1, "") + &request("DESCRIBE", 2, "")));
    let both = answer("200 OK", 1, "", "$\0\0\x09\r\n\r\n") + &answer("404 Not Found", 2, "", "");
    assert_eq!(talk.hear(&both), Ok(both.clone().into_bytes()));
    assert_eq!(talk.conversation.refusal(), Some(Refusal::NoSuchStream));
    assert_eq!(talk.conversation.due(), None);
}

/// Two answers, a request of the camera, packets, garbage in between; and what of it passes.
fn stream() -> (Vec<u8>, Vec<u8>) {
    let setup = answer("200 OK", 1, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", "");
    let picture = packet(0, 0xe0, 5, b"$\0\0\x08RTSP/1.0 302 Found\r\n\r\n");
    let largest = packet(0, 96, 6, &[b'$'; 65523]);
    let parts = [
        (setup.as_bytes(), true),
        (&picture, true),
        (b"\0\0garbage", false),
        (&report(1, 0xe000_0000, 90), true),
        (b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", true),
        (b"\r\n", false),
        (&largest, true),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n$\0\xff\xff\r\n\r\n", true),
        (b"$\0\0\0", false),
        (&picture, true),
    ];
    let all = parts.iter().flat_map(|(part, _)| part.iter().copied()).collect();
    let passing = parts.iter().filter(|(_, passes)| *passes).flat_map(|(part, _)| part.iter().copied());
    (all, passing.collect())
}

/// What passes of bytes that come in parts of these lengths.
fn passed(bytes: &[u8], lengths: impl Iterator<Item = usize>) -> Result<(Vec<u8>, Talk), Refusal> {
    let mut talk = Talk::new(User::Given);
    talk.ask(&request("SETUP", 1, ""));
    let (mut passed, mut waiting) = (Vec::new(), Vec::new());
    let mut rest = bytes;
    for length in lengths {
        let (part, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        waiting.extend(part);
        let cleared = talk.conversation.camera_said(&waiting, talk.now, Timestamp::UNIX_EPOCH)?;
        for passing in cleared.pass {
            passed.extend(same(&waiting, passing));
        }
        waiting.drain(..cleared.used);
        if rest.is_empty() {
            break;
        }
    }
    assert!(rest.is_empty() && waiting.is_empty(), "{} and {} are left", rest.len(), waiting.len());
    Ok((passed, talk))
}

#[test]
fn it_is_the_same_split_at_every_byte() {
    let (all, expected) = stream();
    for at in (0..400).chain(all.len() - 200..all.len()) {
        let (passed, talk) = passed(&all, [at, usize::MAX].into_iter()).expect("it passes");
        assert_eq!(passed, expected, "split at {at}");
        assert_eq!(talk.conversation.report().map(|report| report.rtp), Some(90));
    }
    assert_eq!(passed(&all, std::iter::repeat(1)).expect("it passes").0, expected);
}

proptest! {
    #[test]
    fn it_is_the_same_however_it_comes(lengths in prop::collection::vec(1_usize..3000, 1..60)) {
        let (all, expected) = stream();
        let (passed, _) = passed(&all, lengths.into_iter().cycle()).expect("it passes");
        prop_assert_eq!(passed, expected);
    }

    /// However it is written, an answer that FFmpeg takes for a redirect does not pass.
    #[test]
    fn no_redirect_passes(
        code in 300_u16..400,
        before in "[ \r\n\t$A-Z]{0,4}",
        version in "[0-9. ]{1,4}",
        blanks in "[ \t\r]{1,3}",
        tail in "[ \t0-9a-z]{0,4}",
    ) {
        let text = format!("{before}RTSP/{version}{blanks}{code}{tail}\r\nLocation: rtsp://192.0.2.1/\r\n\r\n");
        let mut talk = Talk::new(User::Given);
        talk.ask(&request("SETUP", 1, "Transport: RTP/AVP/TCP;interleaved=0-1\r\n"));
        if let Ok(passed) = talk.hear(&text) {
            prop_assert!(!String::from_utf8_lossy(&passed).contains(&code.to_string()), "{passed:?}");
        }
    }
}
