use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::{Alert, CameraId, Explanation, Kind, Phase, Sequence, SiteId, Violation};

/// What only an alert that is written down has.
const OF_OUTBOX: [&str; 2] = ["sequence", "outboxid"];

/// What a reaction is given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub site: SiteId,
    pub camera: CameraId,
    pub violation: Uuid,
    pub kind: Kind,
    pub phase: Phase,
    /// The alert as JSON, in one line, without its place in an outbox.
    pub body: String,
    /// Whether there is no such violation, and somebody tries a reaction.
    pub is_test: bool,
}

impl Message {
    /// Of a violation that came to its phase at `time`.
    pub fn of(violation: &Violation, explanation: &Explanation, time: Timestamp) -> serde_json::Result<Self> {
        Self::made(violation, explanation, time, false)
    }

    /// Of a violation that there never was. Its key `test` says so.
    pub fn of_test(
        violation: &Violation,
        explanation: &Explanation,
        time: Timestamp,
    ) -> serde_json::Result<Self> {
        Self::made(violation, explanation, time, true)
    }

    fn made(
        violation: &Violation,
        explanation: &Explanation,
        time: Timestamp,
        is_test: bool,
    ) -> serde_json::Result<Self> {
        // Which outbox it will be in, and where, is known to nobody yet.
        let nowhere = Sequence { outbox: Uuid::nil().into(), number: 0 };
        let alert = Alert::of_violation(violation.clone(), explanation.clone(), 0, time, nowhere);
        let whole = serde_json::to_string(&alert)?;
        // Its values stay as they are written: numbers would come to be others on their way through a tree.
        let mut keys: BTreeMap<&str, &RawValue> = serde_json::from_str(&whole)?;
        keys.retain(|key, _| !OF_OUTBOX.contains(key));
        let yes = RawValue::from_string("true".to_owned())?;
        if is_test {
            keys.insert("test", &yes);
        }
        Ok(Self {
            site: violation.site.clone(),
            camera: violation.camera.clone(),
            violation: violation.id,
            kind: violation.kind,
            phase: violation.phase,
            body: serde_json::to_string(&keys)?,
            is_test,
        })
    }
}
