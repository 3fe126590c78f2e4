use std::{fmt, time::Duration};

use jiff::tz::TimeZone;

use super::watched::{Counting, Watched};
use crate::{
    config::RuleConfig,
    domain::{Class, Gap, Kind, ModelName, Observation, RuleId, Track, When},
    geometry::{BBox, Polygon},
    kinds,
    rules::{Look, Rule, Verdict},
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
    counting: Counting,
}

impl Watch {
    /// The rule `id`, as configured, on a camera whose detector is `camera_detector`, at a site in `time_zone`.
    pub fn new(id: RuleId, config: RuleConfig, camera_detector: &ModelName, time_zone: TimeZone) -> Self {
        let own = config.model.clone().filter(|model| model != camera_detector);
        let rule = kinds::rule(&config.settings, config.every());
        let detector = own.clone().unwrap_or_else(|| camera_detector.clone());
        let counting = Counting::new(&config);
        Self { id, config, detector, own, time_zone, rule, last: None, counting }
    }

    /// The rule's id.
    pub fn id(&self) -> &RuleId {
        &self.id
    }

    /// What kind of violation it finds.
    pub fn kind(&self) -> Kind {
        self.config.kind()
    }

    /// The detector of its own, if it has one: detections of it carry this name, and it has a tracker of its own.
    pub fn own_detector(&self) -> Option<&ModelName> {
        self.own.as_ref()
    }

    /// How much of the footage it could judge so far.
    pub fn watched(&self) -> &Watched {
        self.counting.watched()
    }

    /// What it needs of the looks.
    pub fn needs(&self) -> Needs {
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
        }
    }

    /// Whether its schedule holds.
    pub fn holds(&self, wall: jiff::Timestamp) -> bool {
        self.config.schedule.holds(wall, &self.time_zone)
    }

    /// Takes in a look and what the tracker of the rule's detector made of it.
    ///
    /// Outside the schedule the rule is closed: what stood ends at the first look there. Where the schedule's hours ended and
    /// began again between two looks, it ended at some time after the first of them. A look at which the rule's detector did
    /// not look says nothing to it.
    pub fn look(&mut self, observation: &Observation, tracks: &[Track]) -> Verdict {
        let now = observation.when();
        if !self.config.schedule.holds(now.wall, &self.time_zone) {
            self.counting.close();
            return if self.last.take().is_some() { self.rule.close(now, false) } else { Verdict::default() };
        }
        if !observation.looked.contains(&self.detector) {
            return Verdict::default();
        }
        let lapsed = self
            .last
            .replace(now)
            .filter(|last| self.config.schedule.lapses(last.wall, now.wall, &self.time_zone));
        if lapsed.is_some() {
            self.counting.close();
        }
        let closed = lapsed.map(|last| self.rule.close(last, true)).unwrap_or_default();
        let mut verdict = self.rule.look(&Look { observation, tracks });
        self.counting.look(observation, verdict.presence, self.config.keys().place());
        verdict.findings.splice(0..0, closed.findings);
        verdict
    }

    /// Takes in a gap.
    pub fn gap(&mut self, gap: &Gap) -> Verdict {
        if self.last.is_none() {
            return Verdict::default();
        }
        self.counting.gap(gap);
        self.rule.gap(gap)
    }
}

impl Watch {
    /// The recording is over.
    pub fn stop(&mut self) -> Verdict {
        if self.last.is_some() { self.rule.stop() } else { Verdict::default() }
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
