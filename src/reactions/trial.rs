//! A reaction as somebody tries it who sets it up.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::{LIMITS, message::Message, worker};
use crate::{
    config::{Camera, Filter, Reaction},
    domain::{CameraId, Explanation, Kind, Phase, SiteId, Subject, Violation},
};

/// Which reaction of the configuration it is, and what it does, for people. No secret is in it.
pub fn called(number: usize, reaction: &Reaction) -> String {
    worker::called(number, &reaction.deed)
}

/// Why a reaction would fail, as far as that is seen without doing it; none where nothing is wrong.
pub fn trouble(reaction: &Reaction) -> Option<String> {
    worker::trouble(&reaction.deed)
}

/// Whether no rule of these cameras can ever call for it.
pub fn is_idle(reaction: &Reaction, cameras: &[Camera]) -> bool {
    let Filter { kinds, .. } = &reaction.filter;
    let named = cameras.iter().filter(|camera| reaction.filter.passes_camera(&camera.id));
    !named.flat_map(|camera| &camera.rules).any(|rule| kinds.is_empty() || kinds.contains(&rule.kind()))
}

/// Does it, with a violation that there never was, of the first kind, phase and camera that it is a reaction to; `camera` where
/// it is one to all. What it is given says that it is a test.
///
/// # Errors
/// Why it failed.
pub fn try_reaction(reaction: &Reaction, site: &SiteId, camera: &CameraId) -> Result<(), String> {
    let (filter, [first, ..]) = (&reaction.filter, Kind::ALL);
    let kind = filter.kinds.first().copied().unwrap_or(first);
    let phase = filter.phases.first().copied().unwrap_or(Phase::Raised);
    let message = message(site, filter.cameras.first().unwrap_or(camera), kind, phase)
        .map_err(|error| format!("an alert cannot be made: {error}"))?;
    worker::try_once(reaction.deed.clone(), &message, LIMITS).map_err(|failure| failure.to_string())
}

fn message(site: &SiteId, camera: &CameraId, kind: Kind, phase: Phase) -> serde_json::Result<Message> {
    let now = Timestamp::now();
    let moment = json!({ "media_s": 0.0, "wall": now, "file": null, "file_s": null });
    let seen = json!([0.25, 0.25, 0.75, 0.75]);
    let (class, bbox, count) = match kind.subject() {
        Subject::People => (None, None, Some(json!({ "seen": 0, "required": 2 }))),
        Subject::Thing(class) => (Some(class), Some(seen), None),
    };
    let record = json!({
        "id": Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("firewarden:test:{now}").as_bytes()),
        "site": site, "camera": camera, "camera_name": camera, "rule": format!("{camera}/{}", kind.name()), "kind": kind,
        "phase": phase, "class": class, "confidence": class.map(|_| 1.0), "bbox": bbox, "count": count, "wall_origin": "clock",
        "started": moment, "raised": moment, "ended": (phase == Phase::Ended).then_some(&moment), "evidence": [],
    });
    let violation: Violation = serde_json::from_value(record)?;
    let none = "0".repeat(64);
    let explanation =
        Explanation { camera_labels: [].into(), model_sha256: none.clone(), config_sha256: none };
    Message::of_test(&violation, &explanation, now)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_it_is_given_is_an_alert_that_says_that_it_is_a_test() {
        let (site, camera) = (SiteId::new("s").expect("an id"), CameraId::new("lift").expect("an id"));
        for kind in Kind::ALL {
            for phase in [Phase::Warned, Phase::Raised, Phase::Updated, Phase::Ended] {
                let message = message(&site, &camera, kind, phase).expect("it can be made");
                let body: Value = serde_json::from_str(&message.body).expect("JSON");
                assert_eq!(
                    (&body["test"], &body["subject"]),
                    (&true.into(), &message.violation.to_string().into())
                );
                assert_eq!(body["type"], format!("firewarden.violation.{}", phase.name()));
                assert_eq!((message.kind, message.phase, message.is_test), (kind, phase, true));
            }
        }
    }
}
