//! One request to a robot, and what its answer means. HTTP 200 tells nothing: the answer has a code of its own.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde_json::Value;
use ureq::{Agent, http::header};

use super::{
    super::{
        Refusal,
        failure::{self, Authorities},
        http::Answer,
        quoted,
    },
    Platform,
    text::SIGNATURE,
};
use crate::{address::Hook, config::Secret, words};

/// A robot that was given too much is given nothing for so long, at least.
const REST: Duration = Duration::from_secs(60);
/// Clocks that differ by less are no reason to refuse a signature.
const SAME: SignedDuration = SignedDuration::from_secs(60);
/// Shorter parts of an address are words that may be shown.
const SHORTEST_SECRET: usize = 8;

/// What is sent to a robot. It is not to be shown.
pub(in crate::deliver) struct Request {
    /// The address, with the signature where that belongs there.
    pub url: String,
    /// JSON.
    pub body: Value,
}

/// What a robot's code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::deliver) enum Meaning {
    /// Too many messages came.
    TooOften,
    /// The signature, or the time in it.
    Signature,
    /// It asks for a keyword.
    Keyword,
    /// It lets nobody in from this address in the network.
    Network,
    /// There is no such robot.
    NoRobot,
    /// This very message.
    Message,
    /// Anything else.
    Other,
}

/// Sends a request, and waits for the answer.
pub(super) fn post(agent: &Agent, request: &Request) -> Result<Answer, Refusal> {
    let body = request.body.to_string();
    let sent = agent.post(&request.url).header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    match sent.send(body.as_bytes()) {
        Ok(response) => Answer::read(Ok(response)),
        Err(error) => Err(Refusal::transient(failure::why_where(&error, Authorities::OfSystem))),
    }
}

/// Whether the robot has taken it, as it answers at this time of day.
pub(super) fn judge<P: Platform>(robot: &P, answer: &Answer, now: Timestamp) -> Result<(), Refusal> {
    let judged = judged(robot, answer, now);
    judged.map_err(|refusal| hidden(refusal, robot))
}

fn judged<P: Platform>(robot: &P, answer: &Answer, now: Timestamp) -> Result<(), Refusal> {
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let code = said.as_ref().and_then(|said| code(said, P::CODES));
    if answer.status == 429 && code.is_none_or(|code| code == 0) {
        return Err(too_often::<P>(answer, "HTTP 429"));
    }
    let code = match code {
        Some(code) if code != 0 => code,
        code => {
            answer.judged()?;
            return match code {
                Some(_) => Ok(()),
                None => Err(Refusal::transient(format!(
                    "what answers there is no robot: check its address ({})",
                    answer.quoted()
                ))),
            };
        }
    };
    let texts = said.as_ref().into_iter().flat_map(|said| P::TEXTS.iter().filter_map(|key| said.get(key)));
    let text = texts.filter_map(Value::as_str).next().map(quoted).unwrap_or_default();
    let coded = format!("code {code}: {text}");
    Err(match P::meaning(code, &text) {
        Meaning::TooOften => too_often::<P>(answer, &coded),
        Meaning::Message => Refusal::permanent(format!("the robot refuses this message ({coded})")),
        Meaning::Signature => Refusal::transient(format!(
            "the robot does not believe the signature ({coded}): {}",
            signature(robot.secret(), answer, now)
        )),
        Meaning::Keyword => Refusal::transient(format!(
            "the robot takes only messages that hold its keywords ({coded}): add {SIGNATURE}, which each message ends with, to \
             the keywords in the robot's settings, or let the robot check signatures instead"
        )),
        Meaning::Network => Refusal::transient(format!(
            "the robot takes nothing from this box's address in the network ({coded}): add the address to those that the \
             robot's settings allow"
        )),
        Meaning::NoRobot => Refusal::transient(format!(
            "there is no such robot, or it was removed or switched off ({coded}): copy its address from the group's settings \
             into `url` again"
        )),
        Meaning::Other => Refusal::transient(format!("the robot does not take the message ({coded})")),
    })
}

/// The code, of the keys that may have it: one that is no success counts.
fn code(said: &Value, keys: &[&str]) -> Option<i64> {
    let codes: Vec<i64> = keys.iter().filter_map(|key| said.get(key)?.as_i64()).collect();
    codes.iter().copied().find(|code| *code != 0).or_else(|| codes.first().copied())
}

fn too_often<P: Platform>(answer: &Answer, coded: &str) -> Refusal {
    let after = answer.retry_after().unwrap_or_default().max(REST).max(P::SHUT);
    let why = format!(
        "the robot takes no more for now ({coded}): too many messages came, from this box or from whoever else writes by it"
    );
    Refusal::Transient { why, after: Some(after) }
}

/// Why a signature is not believed: the clock, or the secret.
fn signature(secret: Option<&Secret>, answer: &Answer, now: Timestamp) -> String {
    if secret.is_none() {
        return "it asks for messages that are signed; copy its secret from the robot's settings into `secret`".to_owned();
    }
    let date = answer.header(header::DATE.as_str()).and_then(|date| rfc2822::parse(date).ok());
    let Some(there) = date.map(|date| date.timestamp()) else {
        return format!("this box's clock may be wrong, it shows {now:.0}; or `secret` is not this robot's");
    };
    // Headers tell whole seconds.
    let off = SignedDuration::from_secs(now.as_second() - there.as_second());
    if off.abs() < SAME {
        return "this box's clock is right, so that `secret` is not this robot's: copy it from the robot's settings again"
            .to_owned();
    }
    let by = words::lasting(off.unsigned_abs()).1;
    let side = if off.is_negative() { "behind" } else { "ahead of" };
    format!("this box's clock is {by} {side} the robot's: set it, or let a time server set it")
}

/// A refusal that repeats nothing of what lets into the group.
fn hidden<P: Platform>(refusal: Refusal, robot: &P) -> Refusal {
    let hide = |why: String| {
        let secrets = secrets(robot.hook()).chain(robot.secret().map(Secret::expose));
        secrets.filter(|secret| !secret.is_empty()).fold(why, |why, secret| why.replace(secret, "…"))
    };
    match refusal {
        Refusal::Transient { why, after } => Refusal::Transient { why: hide(why), after },
        Refusal::Permanent { why } => Refusal::Permanent { why: hide(why) },
    }
}

/// The parts of a robot's address that are secret.
fn secrets(hook: &Hook) -> impl Iterator<Item = &str> {
    let path = hook.parts().map(|parts| parts.path).unwrap_or_default();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let values = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    values.chain(path.rsplit('/').next()).filter(|part| part.len() >= SHORTEST_SECRET)
}

#[cfg(test)]
mod tests;
