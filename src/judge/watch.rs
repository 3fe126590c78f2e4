use std::{fmt, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    saved::SavedWatch,
    standing::Standing,
    watched::{Counting, Watched},
};
use crate::{
    config::RuleConfig,
    domain::{Class, Gap, Kind, MediaTime, ModelName, Observation, RuleId, Track, When},
    geometry::{BBox, Polygon},
    kinds::{self, keys::Framing},
    rules::{Beginning, Look, NoState, Outlook, Presence, Rule, Seeing, Verdict, candidate::Candidates},
};

/// What a rule needs of the looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Needs {
    /// How often to look at least.
    pub every: Duration,
    /// How often to look at least where the sizes of packets tell that nothing moves.
    pub quiet: Duration,
    /// The detector that must look.
    pub detector: ModelName,
    /// What it watches for.
    pub classes: Vec<Class>,
    /// The smallest box around its zone.
    pub zone: BBox,
    /// Where something must change to matter to it, with as much around its zone as a vehicle or person there takes up.
    pub around: BBox,
    /// What of the picture its detector must be shown.
    pub region: BBox,
    /// Whether detections of those classes must carry their appearance.
    pub appearance: bool,
    /// Where what it watches for counts.
    pub place: Polygon,
    /// How many rows of a network's input that is to take up, where it can be shown that large.
    pub rows: Option<u16>,
    /// How its detector is shown a picture.
    pub framing: Framing,
    /// The confidence below which a single detection is of no use to it, where that is not the detector's own matter.
    pub least: Option<f32>,
}

/// One configured rule of one camera: gives the rule the looks it is due, and only while its schedule holds.
pub struct Watch {
    id: RuleId,
    config: RuleConfig,
    detector: ModelName,
    own: Option<ModelName>,
    time_zone: TimeZone,
    rule: Box<dyn Rule>,
    /// The last look at which the schedule held; none after one at which it did not.
    last: Option<When>,
    /// What that look told of its zone.
    presence: Option<Presence>,
    /// Since when nobody can look; none while somebody can.
    outage: Option<MediaTime>,
    candidates: Candidates,
    counting: Counting,
    /// The same for the day at hand.
    today: Counting,
    /// Of all settings that decide what it finds.
    settings_sha256: String,
}

impl Watch {
    /// The rule `id`, as configured, on a camera whose detector is `camera_detector`, at a site in `time_zone`.
    /// `settings_sha256` is that of all settings that decide what it finds.
    pub fn new(
        id: RuleId,
        config: RuleConfig,
        camera_detector: &ModelName,
        time_zone: TimeZone,
        settings_sha256: String,
        beginning: Beginning,
    ) -> Self {
        let own = config.model.clone().filter(|model| model != camera_detector);
        let rule = kinds::rule(&config.settings, config.every(), beginning);
        let detector = own.clone().unwrap_or_else(|| camera_detector.clone());
        let (counting, today) = (Counting::new(&config), Counting::new(&config));
        Self {
            id,
            config,
            detector,
            own,
            time_zone,
            rule,
            last: None,
            presence: None,
            outage: None,
            candidates: Candidates::default(),
            counting,
            today,
            settings_sha256,
        }
    }

    /// The rule's id.
    pub fn id(&self) -> &RuleId {
        &self.id
    }

    /// What kind of violation it finds.
    pub fn kind(&self) -> Kind {
        self.config.kind()
    }

    /// The detector whose looks it takes in.
    pub fn detector(&self) -> &ModelName {
        &self.detector
    }

    /// The detector of its own, if it has one: detections of it carry this name, and it has a tracker of its own.
    pub fn own_detector(&self) -> Option<&ModelName> {
        self.own.as_ref()
    }

    /// The SHA-256 of all settings that decide what it finds.
    pub fn settings_sha256(&self) -> &str {
        &self.settings_sha256
    }

    /// How much of the footage it could judge so far.
    pub fn watched(&self) -> &Watched {
        self.counting.watched()
    }

    /// How much it could judge since the day began.
    pub fn watched_today(&self) -> &Watched {
        self.today.watched()
    }

    /// Another day begins.
    pub(super) fn begin_day(&mut self) {
        self.today = Counting::new(&self.config);
    }

    /// What it needs of the looks at `wall`; none outside its schedule.
    ///
    /// One look is still taken when its hours end: the first that is due outside them. What stands is closed there.
    pub fn needs(&self, wall: Timestamp) -> Option<Needs> {
        self.holds(wall).then(|| self.needs_in_hours())
    }

    /// What it needs of the looks within its schedule.
    pub fn needs_in_hours(&self) -> Needs {
        let keys = self.config.keys();
        let zone = keys.zone().map_or(BBox::WHOLE, Polygon::bounds);
        Needs {
            every: self.config.every(),
            quiet: self.config.quiet(),
            detector: self.detector.clone(),
            zone,
            around: around(&zone),
            region: region(&zone),
            classes: keys.classes().to_vec(),
            appearance: keys.appearance(),
            place: keys.place().clone(),
            rows: keys.rows(),
            framing: keys.framing(),
            least: keys.least_confidence(),
        }
    }

    /// Whether its schedule holds at `wall`.
    pub fn holds(&self, wall: Timestamp) -> bool {
        self.config.schedule.holds(wall, &self.time_zone)
    }

    /// Whether its schedule holds at `wall` and has held ever since its last look.
    pub fn goes_on(&self, wall: Timestamp) -> bool {
        self.holds(wall) && self.last.is_some_and(|last| !self.lapses(last, wall))
    }

    /// Every moment that it may yet tell.
    pub(super) fn moments(&self) -> Vec<When> {
        let mut moments = self.rule.moments();
        moments.extend(self.last);
        moments
    }

    fn lapses(&self, last: When, wall: Timestamp) -> bool {
        self.config.schedule.lapses(last.wall, wall, &self.time_zone)
    }
}

/// What it is told.
impl Watch {
    /// Takes in a look, what the tracker of the rule's detector made of it, and what the picture is good for; none where
    /// the rule's detector did not look.
    ///
    /// Outside the schedule the rule is closed: what stood ends at the first look there. Where the schedule's hours ended and
    /// began again between two looks, it ended at some time after the first of them. A look at which the rule's detector did
    /// not look says nothing to it.
    pub fn look(&mut self, observation: &Observation, tracks: &[Track], seeing: Option<Seeing>) -> Verdict {
        let now = observation.when();
        if !self.holds(now.wall) {
            let known = self.last.is_some();
            return if known { self.close(now, false) } else { Verdict::default() };
        }
        let Some(seeing) = seeing else { return Verdict::default() };
        let lapsed = self.last.filter(|last| self.lapses(*last, now.wall));
        let closed = lapsed.map(|last| self.close(last, true)).unwrap_or_default();
        self.last = Some(now);
        self.outage = None;
        let scene = observation.scene_for(&self.detector);
        let mut verdict =
            self.rule.look(&Look { observation, tracks, own: self.own.as_ref(), scene, seeing });
        for counting in [&mut self.counting, &mut self.today] {
            counting.look(observation, &seeing, verdict.presence, self.config.keys().place());
        }
        if verdict.presence.is_some() {
            self.presence = verdict.presence;
        }
        verdict.findings.splice(0..0, closed.findings);
        self.tell(Some(now), &mut verdict);
        verdict.candidates.splice(0..0, closed.candidates);
        verdict
    }

    /// Takes in a gap.
    pub fn gap(&mut self, gap: &Gap) -> Verdict {
        if self.last.is_none() {
            return Verdict::default();
        }
        self.outage = gap.to.is_none().then_some(gap.from);
        self.counting.gap(gap);
        self.today.gap(gap);
        let mut verdict = self.rule.gap(gap);
        self.tell(None, &mut verdict);
        verdict
    }

    /// Time passes, whether or not anything is looked at.
    ///
    /// A rule whose hours are over is closed by the first tick outside them, as it is by the first look there. Where nobody
    /// could look when they ended, nobody knows whether what stood had ended before.
    pub fn tick(&mut self, now: When) -> Verdict {
        let Some(last) = self.last else { return Verdict::default() };
        if !self.holds(now.wall) {
            return self.close(now, self.outage.is_some());
        }
        if self.lapses(last, now.wall) {
            return self.close(last, true);
        }
        let mut verdict = self.rule.tick(now);
        self.tell(None, &mut verdict);
        verdict
    }

    /// The recording is over.
    pub fn stop(&mut self) -> Verdict {
        let mut verdict = if self.last.is_some() { self.rule.stop() } else { Verdict::default() };
        verdict.candidates = self.candidates.tell(None, &[], &verdict.findings);
        verdict
    }

    /// The hours are over: what stood ended at `when`, or nobody knows when where that is `unknown`.
    fn close(&mut self, when: When, unknown: bool) -> Verdict {
        (self.last, self.presence, self.outage) = (None, None, None);
        self.counting.close();
        self.today.close();
        let mut verdict = self.rule.close(when, unknown);
        self.tell(None, &mut verdict);
        verdict
    }

    /// Adds to a verdict which candidates began or were given up.
    fn tell(&mut self, look: Option<When>, verdict: &mut Verdict) {
        verdict.candidates = self.candidates.tell(look, &self.rule.prospects(), &verdict.findings);
    }

    /// Where it stands at `wall`. `outlook` is how well its detector sees.
    pub fn status(&self, wall: Timestamp, outlook: Option<Outlook>) -> Standing {
        if !self.holds(wall) {
            return Standing::OutsideHours;
        }
        if self.last.is_none() {
            return Standing::NotYet;
        }
        let (outage, presence) = (self.outage, self.presence);
        Standing::InForce { outage, outlook, presence, status: self.rule.status() }
    }
}

/// Over a restart.
impl Watch {
    /// All from which what it says next follows, but for its settings.
    pub(super) fn save(&self) -> SavedWatch {
        SavedWatch {
            rule: self.id.clone(),
            settings_sha256: self.settings_sha256.clone(),
            last: self.last,
            presence: self.presence,
            outage: self.outage,
            candidates: self.candidates.clone(),
            counting: self.counting.clone(),
            today: Some(self.today.clone()),
            state: self.rule.save(),
        }
    }

    /// Goes on from what one with the same settings knew at `until`.
    ///
    /// # Errors
    /// Where none can have come to know that. Nothing is changed then.
    pub(super) fn restore(&mut self, saved: SavedWatch, until: MediaTime) -> Result<(), NoState> {
        let SavedWatch { last, presence, outage, candidates, counting, today, state, .. } = saved;
        let times = last.map(|last| last.at).into_iter().chain(outage);
        let is_sound = times.into_iter().all(|at| at <= until)
            && candidates.are_sound(until)
            && counting.is_sound(until)
            && today.as_ref().is_none_or(|today| today.is_sound(until));
        if !is_sound {
            return Err(NoState);
        }
        self.rule.restore(&state, until)?;
        (self.last, self.presence, self.outage, self.candidates) = (last, presence, outage, candidates);
        self.counting.restore(counting);
        if let Some(today) = today {
            self.today.restore(today);
        }
        Ok(())
    }
}

/// The zone with half its width and height on each side, and at least a tenth of the picture.
fn around(zone: &BBox) -> BBox {
    let (x, y) = ((zone.width() / 2.0).max(0.1), (zone.height() / 2.0).max(0.1));
    BBox::new(zone.left - x, zone.top - y, zone.right + x, zone.bottom + y).clipped()
}

/// The same, and above the zone as much as what stands at its far edge may rise there: as high as the zone is high or wide.
fn region(zone: &BBox) -> BBox {
    let top = zone.top - zone.height().max(zone.width()).max(0.15);
    BBox { top, ..around(zone) }.clipped()
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("id", &self.id).field("last", &self.last).finish_non_exhaustive()
    }
}
