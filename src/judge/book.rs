use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{
        CameraId, Epoch, Kind, MediaTime, Moment, NAMESPACE, Phase, RuleId, SiteId, Violation, WallOrigin,
        When, micros,
    },
    rules::{Finding, LONGEST_PLACE},
};

/// The violations of one camera that are open, made of what its rules find. One that is over is told and forgotten.
#[derive(Debug, Clone)]
pub(super) struct Book {
    site: SiteId,
    camera: CameraId,
    camera_name: String,
    /// What moments are told by, for the connections and files of which moments may yet be told.
    epochs: BTreeMap<u32, Begun>,
    open: BTreeMap<Uuid, Open>,
}

/// How a connection or file began.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    /// Where the file's own time is 0.
    #[serde(with = "micros")]
    zero: MediaTime,
    origin: WallOrigin,
    /// None for live connections.
    file: Option<String>,
}

/// A violation that is open, or warned about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Open {
    pub rule: RuleId,
    pub kind: Kind,
    /// What was found of it last.
    pub told: Finding,
    /// The moments that were told, where the clock was set between them and when they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamped: Option<Stamped>,
}

/// When a violation began and was raised, as it was told first: that stays, whatever becomes of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stamped {
    started: When,
    raised: Option<When>,
}

/// A wall time that is off by more than this against the monotonic clock was stamped before the clock was set.
const SET: SignedDuration = SignedDuration::from_secs(2);

/// A moment by the clock as it was at a later one. Between the two the monotonic clock tells how much time has passed.
fn stamped(when: When, by: When) -> When {
    let passed = SignedDuration::from_micros(by.at.as_micros().saturating_sub(when.at.as_micros()));
    let wall = by.wall.checked_sub(passed).unwrap_or(when.wall);
    if wall.duration_since(when.wall).abs() > SET { When { wall, ..when } } else { when }
}

/// What a book is written down as.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedBook {
    epochs: BTreeMap<u32, Begun>,
    open: Vec<Open>,
}

/// No camera has more violations open, nor epochs of which they tell.
const MOST: usize = 1 << 14;
/// No file has a longer name.
const LONGEST_FILE: usize = 4096;

impl Book {
    /// An empty book. `camera_name` is copied into every violation.
    pub fn new(site: SiteId, camera: CameraId, camera_name: String) -> Self {
        Self { site, camera, camera_name, epochs: BTreeMap::new(), open: BTreeMap::new() }
    }

    /// A connection or file begins: moments in it can then be found in the file. Of those before it, the ones in `needed` are
    /// kept.
    pub fn epoch(&mut self, epoch: &Epoch, needed: &BTreeSet<u32>) {
        let zero = epoch.zero.unwrap_or(epoch.from);
        let begun = Begun { zero, origin: epoch.wall_origin, file: epoch.file.clone() };
        self.epochs.retain(|number, _| needed.contains(number));
        self.epochs.insert(epoch.epoch, begun);
    }

    /// Writes a finding of `rule` down, and returns the violation as it is at this step.
    pub fn record(&mut self, rule: &RuleId, kind: Kind, finding: &Finding) -> Violation {
        let id = self.id(rule, finding.started, &finding.place);
        let origin = self.epochs.get(&finding.started.epoch).map_or(WallOrigin::Clock, |e| e.origin);
        let told = self.open.get(&id);
        let shown = self.shown(finding, told, origin);
        let stamped = (shown.started != finding.started || shown.raised != finding.raised).then_some(shown);
        let mut violation = Violation {
            id,
            site: self.site.clone(),
            camera: self.camera.clone(),
            camera_name: self.camera_name.clone(),
            rule: rule.clone(),
            kind,
            phase: finding.phase,
            class: finding.class,
            confidence: finding.confidence,
            bbox: finding.bbox,
            count: finding.count,
            wall_origin: origin,
            started: self.moment(shown.started),
            raised: shown.raised.map(|when| self.moment(when)),
            ended: (finding.phase == Phase::Ended).then(|| self.moment(finding.at)),
            last_seen: finding.last_seen.map(|when| self.moment(when)),
            ended_unknown: finding.ended_unknown,
            evidence: Vec::new(),
            missing: Vec::new(),
        };
        if finding.last_seen.is_some() {
            // Nothing happened: what was told last stays.
            violation.phase = self.open.get(&id).map_or(violation.phase, |open| open.told.phase);
        } else if finding.phase == Phase::Ended {
            self.open.remove(&id);
        } else {
            self.open.insert(id, Open { rule: rule.clone(), kind, told: finding.clone(), stamped });
        }
        violation
    }

    /// When it began and was raised, to be told with this step of it. Of a camera whose times are the box's own, what was not
    /// told yet is told by the clock as it is now: a box begins with a wrong one, and is told the right one later.
    fn shown(&self, finding: &Finding, told: Option<&Open>, origin: WallOrigin) -> Stamped {
        let own = Stamped { started: finding.started, raised: finding.raised };
        if origin != WallOrigin::Clock || finding.last_seen.is_some() {
            return told.and_then(|open| open.stamped).unwrap_or(own);
        }
        match told {
            None => Stamped {
                started: stamped(own.started, finding.at),
                raised: own.raised.map(|raised| stamped(raised, finding.at)),
            },
            Some(open) => {
                let before =
                    open.stamped.unwrap_or(Stamped { started: open.told.started, raised: open.told.raised });
                let raised = || own.raised.map(|raised| stamped(raised, finding.at));
                Stamped { raised: before.raised.or_else(raised), ..before }
            }
        }
    }

    /// The site.
    pub fn site(&self) -> &SiteId {
        &self.site
    }

    /// The camera.
    pub fn camera(&self) -> &CameraId {
        &self.camera
    }

    /// What is open, and what moments are told by.
    pub fn save(&self) -> SavedBook {
        SavedBook { epochs: self.epochs.clone(), open: self.open.values().cloned().collect() }
    }

    /// Goes on from what was saved. What is open of rules that are not kept is returned, and is to be recorded as ended.
    pub fn restore(&mut self, saved: SavedBook, is_kept: impl Fn(&RuleId) -> bool) -> Vec<Open> {
        self.epochs = saved.epochs;
        let left = saved.open.iter().filter(|open| !is_kept(&open.rule)).cloned().collect();
        // What is recorded as ended is told with the moments that were told before.
        let by_id = |open: Open| (self.id(&open.rule, open.told.started, &open.told.place), open);
        self.open = saved.open.into_iter().map(by_id).collect();
        left
    }

    /// The id of the violation of `rule` that began at `started` at this place.
    pub fn id(&self, rule: &RuleId, started: When, place: &str) -> Uuid {
        let name = format!("{}\n{}\n{}\n{}\n{}", self.site, self.camera, rule, started.wall, place);
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }

    fn moment(&self, when: When) -> Moment {
        let file = self.epochs.get(&when.epoch).and_then(|e| Some((e.zero, e.file.as_ref()?)));
        Moment {
            media_s: when.at,
            wall: when.wall,
            file: file.map(|(_, name)| name.clone()),
            file_s: file.map(|(from, _)| {
                MediaTime::from_micros(when.at.as_micros().saturating_sub(from.as_micros()))
            }),
        }
    }
}

impl SavedBook {
    /// Whether it can have come about up to `until`.
    pub fn is_sound(&self, until: MediaTime) -> bool {
        let is_open = |Open { told, stamped, .. }: &Open| {
            stamped.is_none_or(|stamped| stamped.started.at == told.started.at)
                && told.started.at <= told.at.at
                && told.at.at <= until
                && told.place.len() <= LONGEST_PLACE
                && told.phase != Phase::Ended
        };
        let is_short = |begun: &Begun| begun.file.as_ref().is_none_or(|file| file.len() <= LONGEST_FILE);
        self.epochs.len() <= MOST
            && self.epochs.values().all(is_short)
            && self.open.len() <= MOST
            && self.open.iter().all(is_open)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::Class;

    fn at(seconds: i64, wall: &str) -> When {
        let wall: Timestamp = wall.parse().expect("a time");
        When { at: MediaTime::from_micros(seconds * 1_000_000), wall, epoch: 0 }
    }

    fn book(origin: WallOrigin) -> (Book, RuleId) {
        let (site, camera) = (SiteId::new("s").expect("an id"), CameraId::new("lane").expect("an id"));
        let rule = RuleId::new(&camera, Kind::FireLaneParking, None);
        let mut book = Book::new(site, camera, "Lane".to_owned());
        let begun = Begun { zero: MediaTime::ZERO, origin, file: None };
        book.epochs.insert(0, begun);
        (book, rule)
    }

    fn finding(phase: Phase, started: When, at: When, raised: Option<When>) -> Finding {
        Finding {
            phase,
            started,
            at,
            raised,
            class: Some(Class::Car),
            confidence: Some(0.9),
            bbox: None,
            count: None,
            place: "p".to_owned(),
            last_seen: None,
            ended_unknown: false,
        }
    }

    #[test]
    fn what_was_not_told_when_the_clock_was_set_is_told_by_the_right_one_and_what_was_keeps_its_time() {
        let (mut book, rule) = book(WallOrigin::Clock);
        // The box woke in 1970, and learnt the time between the stay's beginning and its violation.
        let started = at(10, "1970-01-01T00:00:20Z");
        let raised = at(70, "2026-11-30T08:01:00Z");
        let kind = Kind::FireLaneParking;
        let told = book.record(&rule, kind, &finding(Phase::Raised, started, raised, Some(raised)));
        let expected: Timestamp = "2026-11-30T08:00:00Z".parse().expect("a time");
        assert_eq!((told.started.wall, told.raised.as_ref().map(|m| m.wall)), (expected, Some(raised.wall)));
        // It is set again: what was told stays, over a restart, too.
        let saved = book.save();
        assert!(saved.is_sound(raised.at));
        let mut again = Book::new(book.site.clone(), book.camera.clone(), book.camera_name.clone());
        assert!(again.restore(saved, |_| true).is_empty());
        let ended = at(100, "2026-11-30T05:00:00Z");
        let over = again.record(&rule, kind, &finding(Phase::Ended, started, ended, Some(raised)));
        assert_eq!((over.id, over.started.wall), (told.id, expected));
        assert_eq!(over.raised.map(|m| m.wall), Some(raised.wall));
        assert_eq!(over.ended.map(|m| m.wall), Some(ended.wall));
    }

    #[test]
    fn the_times_of_recordings_are_their_own() {
        let (mut book, rule) = book(WallOrigin::FileName);
        let (started, raised) = (at(10, "2026-11-30T08:00:00Z"), at(70, "2026-11-30T09:00:00Z"));
        let told =
            book.record(&rule, Kind::FireLaneParking, &finding(Phase::Raised, started, raised, Some(raised)));
        assert_eq!(told.started.wall, started.wall);
    }
}
