//! What may be said of a camera, and of all: what was found, and what silence is worth.
//!
//! Green means watched. That nothing was found is said without reserve only where each rule was in force, had footage longer
//! than its times, and could see. Everything else is a [`Doubt`], and is named. Report, table, summary and comparison ask
//! here, and nowhere else.

use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::doubt::{Doubt, Reason, Unseen};
use crate::{
    config::{Camera, RuleConfig},
    domain::{Noticed, RuleId, Violation, WallOrigin},
    judge::Watched,
    results::{Extent, Outcome},
};

/// For so long a picture may tell nothing, as when somebody passes close before the lens, and is not spoken of.
pub(super) const BRIEF: Duration = Duration::from_secs(10);

/// Recorders write up to so much of what came before into a new file. What overlaps by more may be another time.
const PRE_RECORDED: Duration = Duration::from_secs(30);

/// What may be said.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Violations were found.
    Found {
        /// How many.
        count: usize,
        /// What could not be judged beside them.
        doubts: Vec<Doubt>,
    },
    /// All was watched, and nothing was found.
    Clear,
    /// Nothing was found in what could be judged, which was not all.
    Partly(Vec<Doubt>),
    /// Nothing could be judged: no rule had anything to go by.
    Nothing(Vec<Doubt>),
}

impl Verdict {
    /// What may be said of these cameras.
    pub fn of<'a>(
        cameras: impl IntoIterator<Item = (&'a Camera, &'a Outcome)>,
        violations: &[Violation],
    ) -> Self {
        let each = cameras.into_iter();
        Self::together(each.map(|(camera, outcome)| Self::of_camera(camera, outcome, violations)))
    }

    /// What may be said of one camera. Violations of others are passed over.
    pub fn of_camera(camera: &Camera, outcome: &Outcome, violations: &[Violation]) -> Self {
        let count = violations.iter().filter(|violation| violation.camera == camera.id).count();
        let (doubts, judged) = doubts(camera, outcome);
        match (count, doubts.is_empty()) {
            (1.., _) => Self::Found { count, doubts },
            (0, true) => Self::Clear,
            (0, false) if judged => Self::Partly(doubts),
            (0, false) => Self::Nothing(doubts),
        }
    }

    /// What may be said where this is said of each camera.
    pub(super) fn together(each: impl IntoIterator<Item = Self>) -> Self {
        let (mut count, mut all, mut judged) = (0, Vec::new(), false);
        for verdict in each {
            judged |= !matches!(verdict, Self::Nothing(_));
            match verdict {
                Self::Found { count: n, doubts } => {
                    count += n;
                    all.extend(doubts);
                }
                Self::Clear => {}
                Self::Partly(doubts) | Self::Nothing(doubts) => all.extend(doubts),
            }
        }
        match (count, all.is_empty()) {
            (1.., _) => Self::Found { count, doubts: all },
            (0, true) => Self::Clear,
            (0, false) if judged => Self::Partly(all),
            (0, false) => Self::Nothing(all),
        }
    }

    /// What could not be judged, and why.
    pub fn doubts(&self) -> &[Doubt] {
        match self {
            Self::Clear => &[],
            Self::Found { doubts, .. } | Self::Partly(doubts) | Self::Nothing(doubts) => doubts,
        }
    }

    /// The name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::Clear => "clear",
            Self::Partly(_) => "partly_judged",
            Self::Nothing(_) => "not_judged",
        }
    }
}

impl Serialize for Verdict {
    /// `verdict`, one of found, clear, partly_judged and not_judged, and `not_judged`, the doubts.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("verdict", self.name())?;
        map.serialize_entry("not_judged", self.doubts())?;
        map.end()
    }
}

/// What a camera could not be judged by, and whether any of its rules could judge anything.
fn doubts(camera: &Camera, outcome: &Outcome) -> (Vec<Doubt>, bool) {
    let mut reasons = Vec::new();
    if !outcome.failures.is_empty() {
        reasons.push(Reason::Unread);
    }
    for file in outcome.unseen() {
        let extent = if file.extent() == Extent::Unseen { Unseen::All } else { Unseen::Most };
        reasons.push(Reason::Unseen { file: file.file.clone().unwrap_or_default(), extent });
    }
    for notice in &outcome.notices {
        let file = || notice.file.clone();
        match notice.what {
            Noticed::Covered => reasons.push(Reason::LeftOut { file: file() }),
            Noticed::Overlap(by) if by > PRE_RECORDED => reasons.push(Reason::Skipped { file: file(), by }),
            Noticed::Moved => reasons.push(Reason::Moved { file: file(), at: notice.at }),
            Noticed::TooSmall { ref rule, rows, wanted } => {
                reasons.push(Reason::TooSmall { rule: rule.clone(), rows, wanted });
            }
            _ => {}
        }
    }
    let mut judged = false;
    if outcome.looks == 0 {
        // Where its files are named, that says it already.
        if !reasons.iter().any(|reason| matches!(reason, Reason::Unseen { .. })) {
            reasons.push(Reason::NothingAnalysed);
        }
    } else {
        for (index, rule) in camera.rules.iter().enumerate() {
            let id = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
            let (reason, could) = of_rule(rule, id, outcome.watched.get(index), outcome);
            judged |= could;
            reasons.extend(reason);
        }
        let gaps = outcome.timeline.gap_time();
        if !gaps.is_zero() {
            reasons.push(Reason::Gaps(gaps));
        }
    }
    let doubt = |reason| Doubt { camera: camera.id.clone(), camera_name: camera.name.clone(), reason };
    (reasons.into_iter().map(doubt).collect(), judged)
}

/// Why the silence of a rule says less than that nothing happened, and whether it says anything.
fn of_rule(
    rule: &RuleConfig,
    id: RuleId,
    watched: Option<&Watched>,
    outcome: &Outcome,
) -> (Option<Reason>, bool) {
    let Some(watched) = watched.filter(|watched| watched.looks > 0) else {
        return (Some(Reason::NotInForce { rule: id }), false);
    };
    let needed = rule.keys().least_time();
    if watched.judged < needed {
        return if watched.stretch < needed {
            (Some(Reason::TooShort { rule: id, lasted: watched.stretch, needed }), false)
        } else {
            (
                Some(Reason::NotSeenLongEnough {
                    rule: id,
                    seen: watched.judged,
                    needed,
                    dark: watched.dark,
                }),
                false,
            )
        };
    }
    if watched.unclear >= BRIEF {
        return (Some(Reason::CouldNotTell { rule: id, unclear: watched.unclear, dark: watched.dark }), true);
    }
    let guessed = || outcome.epochs.iter().any(|epoch| epoch.wall_origin == WallOrigin::Modified);
    if !rule.schedule.is_always() && guessed() {
        return (Some(Reason::HoursGuessed { rule: id }), true);
    }
    (None, true)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        config::Config,
        domain::{CameraId, Gap, GapReason, MediaTime, Notice, Record},
    };

    const RULE: &str =
        "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"60s\"\n";

    fn camera(keys: &str) -> Camera {
        let text = format!("[site]\nid = \"s\"\n[[camera]]\nid = \"lane\"\nsource = \"a.mp4\"\n{RULE}{keys}");
        let config = Config::parse(&text, Path::new("."), &|_| None).expect("sound");
        config.cameras.into_iter().next().expect("a camera")
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// All of a period of 100 s was seen.
    fn outcome() -> Outcome {
        let watched = Watched {
            looks: 50,
            in_force: seconds(98),
            unclear: seconds(0),
            dark: seconds(0),
            stretch: seconds(98),
            judged: seconds(98),
            anything: true,
        };
        Outcome {
            looks: 50,
            until: MediaTime::from_secs_f64(100.0),
            watched: vec![watched],
            ..Outcome::default()
        }
    }

    fn with(change: impl FnOnce(&mut Watched)) -> Outcome {
        let mut outcome = outcome();
        change(&mut outcome.watched[0]);
        outcome
    }

    /// The verdict's name, and those of its doubts.
    fn of(keys: &str, outcome: &Outcome) -> (&'static str, Vec<&'static str>) {
        let verdict = Verdict::of_camera(&camera(keys), outcome, &[]);
        (verdict.name(), verdict.doubts().iter().map(|doubt| doubt.reason.name()).collect())
    }

    #[test]
    fn green_means_watched() {
        assert_eq!(of("", &outcome()), ("clear", vec![]));
        assert_eq!(of("", &with(|w| w.unclear = seconds(9))), ("clear", vec![]));
        assert_eq!(of("", &with(|w| w.unclear = seconds(10))), ("partly_judged", vec!["could_not_tell"]));
        assert_eq!(of("", &with(|w| w.looks = 0)), ("not_judged", vec!["not_in_force"]));
        let short = |w: &mut Watched| (w.stretch, w.judged) = (seconds(59), seconds(59));
        assert_eq!(of("", &with(short)), ("not_judged", vec!["too_short"]));
        assert_eq!(of("", &with(|w| w.judged = seconds(59))), ("not_judged", vec!["not_seen_long_enough"]));
        // A rule that nobody counted for was not watched.
        assert_eq!(
            of("", &Outcome { watched: Vec::new(), ..outcome() }),
            ("not_judged", vec!["not_in_force"])
        );
        assert_eq!(of("", &Outcome::default()), ("not_judged", vec!["nothing_analysed"]));
    }

    #[test]
    fn what_is_noticed_of_files_makes_silence_say_less() {
        let noticed = |what| {
            let notice =
                Notice { camera: camera("").id, file: "a.mp4".to_owned(), at: MediaTime::ZERO, what };
            of("", &Outcome { notices: vec![notice], ..outcome() })
        };
        assert_eq!(noticed(Noticed::Moved), ("partly_judged", vec!["camera_moved"]));
        let rule = RuleId::new(&camera("").id, crate::domain::Kind::FireLaneParking, None);
        let small = Noticed::TooSmall { rule, rows: 14, wanted: 60 };
        assert_eq!(noticed(small), ("partly_judged", vec!["too_small"]));
        assert_eq!(noticed(Noticed::Covered), ("partly_judged", vec!["left_out"]));
        assert_eq!(noticed(Noticed::Overlap(seconds(60))), ("partly_judged", vec!["skipped"]));
        assert_eq!(noticed(Noticed::Overlap(seconds(5))), ("clear", vec![]));
        assert_eq!(noticed(Noticed::TimesRebuilt), ("clear", vec![]));
    }

    #[test]
    fn gaps_and_guessed_hours_make_it_say_less() {
        let mut gap = outcome();
        let (from, to) = (MediaTime::from_secs_f64(10.0), Some(MediaTime::from_secs_f64(20.0)));
        let lane = CameraId::new("lane").expect("an id");
        let record = Record::Gap(Gap { camera: lane, epoch: 0, from, to, reason: GapReason::Offline });
        gap.take(&record, &[]);
        assert_eq!(of("", &gap), ("partly_judged", vec!["gaps"]));
        let mut guessed = outcome();
        let epoch = "{\"record\":\"epoch\",\"camera\":\"lane\",\"epoch\":0,\"from\":0.0,\"wall\":\"2026-01-01T00:00:00Z\",\
                     \"wall_origin\":\"modified\",\"file\":\"a.mp4\",\"codec\":\"h264\",\"width\":320,\"height\":240}";
        guessed.take(&serde_json::from_str(epoch).expect("a record"), &[]);
        assert_eq!(of("", &guessed), ("clear", vec![]));
        let hours = "schedule = [\"20:00-08:00\"]\n";
        assert_eq!(of(hours, &guessed), ("partly_judged", vec!["hours_guessed"]));
        assert_eq!(of(hours, &outcome()), ("clear", vec![]));
    }

    #[test]
    fn all_is_as_sure_as_its_least_sure_part() {
        let of = |outcome: &Outcome| Verdict::of_camera(&camera(""), outcome, &[]);
        let (clear, none) = (of(&outcome()), of(&Outcome::default()));
        assert_eq!(Verdict::together([clear.clone(), clear.clone()]).name(), "clear");
        assert_eq!(Verdict::together([clear.clone(), none.clone()]).name(), "partly_judged");
        assert_eq!(Verdict::together([none.clone(), none.clone()]).name(), "not_judged");
        let found = Verdict::Found { count: 2, doubts: Vec::new() };
        let Verdict::Found { count, doubts } = Verdict::together([found, none]) else { panic!("found") };
        assert_eq!((count, doubts.len()), (2, 1));
    }
}
