//! What is told of a day of the site: its violations, and what became of the cameras.

use std::path::Path;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    config::{Camera, Playing, SourceAddress},
    domain::{CameraId, EvidenceRole, MediaTime, MissingCause, MissingEvidence, Moment, Violation},
    geometry::BBox,
    ledger::database::{Handle, Kept},
    results::{CameraSummary, Outcome, Summary},
};

/// The violations that were there between these wall times: raised before the later, and not over before the earlier. Their media
/// times count from where the account of their camera's day begins, as its timeline does.
pub(super) fn violations(
    database: &Handle,
    zone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
) -> Vec<Violation> {
    let day = zone.to_datetime(from).date();
    let mut violations = database.violations_of_day(from, to).unwrap_or_default();
    for violation in &mut violations {
        let Ok(Some(known)) = database.outcome_of(&violation.camera, day) else { continue };
        let moments = [Some(&mut violation.started), violation.raised.as_mut(), violation.ended.as_mut()];
        for moment in moments.into_iter().flatten() {
            place(moment, known.from);
        }
    }
    violations
}

fn place(moment: &mut Moment, began: Timestamp) {
    let micros = i64::try_from(moment.wall.duration_since(began).as_micros()).unwrap_or(0);
    moment.media_s = MediaTime::from_micros(micros.max(0));
}

/// What became of the cameras on a day, as far as is known. `bare` has the configuration; cameras that it does not have any more are
/// told of by their ids.
pub(super) fn of_day(bare: &Summary, database: &Handle, day: Date, seen: &[Violation]) -> Summary {
    let mut summary = bare.clone();
    for violation in seen {
        if summary.cameras.iter().all(|camera| camera.camera != violation.camera) {
            let camera = gone(&violation.camera, &violation.camera_name);
            summary.configuration.cameras.push(camera);
            let (camera, outcome) = (violation.camera.clone(), Outcome::default());
            summary.cameras.push(CameraSummary { camera, outcome, sources: Vec::new() });
        }
    }
    for camera in &mut summary.cameras {
        if let Ok(Some(known)) = database.outcome_of(&camera.camera, day) {
            camera.outcome = known.outcome;
        }
    }
    summary
}

/// A camera that the configuration does not have any more: nothing is watched for.
pub(super) fn gone(id: &CameraId, name: &str) -> Camera {
    Camera {
        id: id.clone(),
        name: name.to_owned(),
        labels: Default::default(),
        source: SourceAddress::new(String::new(), Path::new("")),
        playing: Playing::Once,
        rate: None,
        region: BBox::WHOLE,
        pixel_aspect: None,
        mask: Vec::new(),
        rules: Vec::new(),
    }
}

/// Says of violations that were raised since `from` and have no clip that it was lost: the program ended while it was written, as
/// when the power fails. To be called before cameras are watched.
pub(super) fn tell_lost_clips(database: &Handle, from: Timestamp, now: Timestamp) {
    for violation in database.violations_of_day(from, now).unwrap_or_default() {
        let has = violation.evidence.iter().any(|file| file.role == EvidenceRole::Clip)
            || violation.missing.iter().any(|missing| missing.role == EvidenceRole::Clip);
        if has || violation.raised.as_ref().is_none_or(|raised| raised.wall < from) {
            continue;
        }
        let missing = MissingEvidence {
            role: EvidenceRole::Clip,
            cause: MissingCause::NotMade,
            reason: "the clip was not completed: the program ended while it was written".to_owned(),
        };
        database.evidence(Kept { violation: violation.id, entries: Vec::new(), missing: vec![missing] });
    }
}
