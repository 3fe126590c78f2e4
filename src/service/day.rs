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
/// times count from where the account of their camera's day begins, as its timeline does. None where the database cannot be read
/// just now: that there were none would be wrong.
pub(super) fn violations(
    database: &Handle,
    zone: &TimeZone,
    from: Timestamp,
    to: Timestamp,
) -> Option<Vec<Violation>> {
    let day = zone.to_datetime(from).date();
    let mut violations = database.violations_of_day(from, to).ok()?;
    for violation in &mut violations {
        let Ok(Some(known)) = database.outcome_of(&violation.camera, day) else { continue };
        let moments = [Some(&mut violation.started), violation.raised.as_mut(), violation.ended.as_mut()];
        for moment in moments.into_iter().flatten() {
            place(moment, known.from);
        }
    }
    Some(violations)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;

    use super::*;
    use crate::{
        config::Config,
        domain::Phase,
        ledger::{
            database::tests::bench::{Bench, epoch, id, step, violation_id, wall},
            days::DayOutcome,
        },
        results::Summary,
    };

    /// Midnight in Shanghai is four hours after the bench begins.
    const MIDNIGHT: i64 = 4 * 3600;

    fn shanghai() -> TimeZone {
        TimeZone::get("Asia/Shanghai").expect("a zone")
    }

    #[test]
    fn media_times_of_a_day_count_from_where_its_account_begins() {
        let bench = Bench::new();
        let mut ledger = bench.ledger("lane");
        step(&mut ledger, "lane", &[(1, Phase::Raised)], MIDNIGHT - 60);
        step(&mut ledger, "lane", &[(2, Phase::Raised)], MIDNIGHT + 90);
        bench.settle();
        let (from, to) = (wall(MIDNIGHT), wall(MIDNIGHT) + SignedDuration::from_hours(24));
        let day = shanghai().to_datetime(from).date();
        let outcome = Outcome { looks: 7, ..Outcome::default() };
        let (camera, began) = (id("lane"), from + SignedDuration::from_secs(30));
        bench.handle().outcome(DayOutcome { camera, day, from: began, outcome, oldest: day });
        let known = violations(&bench.handle(), &shanghai(), from, to).expect("read");
        let raised = known.iter().map(|v| (v.id, v.raised.as_ref().map(|moment| moment.media_s)));
        let at = |seconds: i64| Some(MediaTime::from_micros(seconds * 1_000_000));
        let (earlier, later) = (violation_id("lane", 1), violation_id("lane", 2));
        assert_eq!(raised.collect::<BTreeMap<_, _>>(), [(earlier, at(0)), (later, at(60))].into());
    }

    #[test]
    fn a_camera_that_is_gone_is_told_of_all_the_same() {
        let bench = Bench::new();
        let mut ledger = bench.ledger("lane");
        step(&mut ledger, "lane", &[(1, Phase::Raised)], 10);
        bench.settle();
        let keys = "[site]\nid = \"s\"\n[[camera]]\nid = \"other\"\nsource = \"a\"\n[[camera.rule]]\n\
                    kind = \"control_room_unattended\"\n";
        let config = Config::parse(keys, Path::new("."), &|_| None).expect("sound");
        let bare: Summary = crate::evidence::live::bare_summary(&config, Vec::new());
        let day = shanghai().to_datetime(epoch()).date();
        let seen = violations(&bench.handle(), &shanghai(), epoch(), wall(100)).expect("read");
        let summary = of_day(&bare, &bench.handle(), day, &seen);
        let told: Vec<&str> = summary.cameras.iter().map(|camera| camera.camera.as_str()).collect();
        let configured: Vec<&str> =
            summary.configuration.cameras.iter().map(|camera| camera.id.as_str()).collect();
        assert_eq!((told, configured), (vec!["other", "lane"], vec!["other", "lane"]));
    }

    #[test]
    fn a_clip_that_was_lost_is_told_once_and_one_that_is_there_is_not() {
        use crate::ledger::database::tests::bench::kept;
        let bench = Bench::new();
        let mut ledger = bench.ledger("lane");
        step(&mut ledger, "lane", &[(1, Phase::Raised), (2, Phase::Raised)], 10);
        bench.handle().evidence(kept("lane", 2, &[EvidenceRole::Clip]));
        bench.settle();
        for _ in 0..2 {
            tell_lost_clips(&bench.handle(), wall(0), wall(100));
            bench.settle();
        }
        let known = bench.handle().violations_of_day(wall(0), wall(100)).expect("read");
        let missing = |number: u32| {
            let of = known.iter().find(|known| known.id == violation_id("lane", number)).expect("there");
            of.missing.iter().map(|missing| missing.role).collect::<Vec<_>>()
        };
        assert_eq!((missing(1), missing(2)), (vec![EvidenceRole::Clip], vec![]));
    }
}
