//! Which pictures and clips show a violation.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{Caption, Cut, Shot};
use crate::{
    config::{Camera, Config, Evidence, RuleConfig},
    domain::{Detection, EvidenceRole, MediaTime, Moment, RuleId, Violation},
    kinds::still::Still,
    vision::Marks,
};

/// What was found at the looks that evidence shows, by media time.
pub type Seen = BTreeMap<MediaTime, Vec<Detection>>;

/// The moments of a violation that are to be shown, each with the role of the still that shows it.
pub fn moments(violation: &Violation) -> impl Iterator<Item = (EvidenceRole, &Moment)> {
    [
        (EvidenceRole::Started, Some(&violation.started)),
        (EvidenceRole::Raised, violation.raised.as_ref()),
        (EvidenceRole::Ended, violation.ended.as_ref()),
    ]
    .into_iter()
    .filter_map(|(role, moment)| Some((role, moment?)))
}

/// Path of a file of evidence within the result folder, without its extension: [`name`] in the folder of evidence.
pub fn stem(violation: &Violation, role: EvidenceRole) -> String {
    format!("evidence/{}_{}", name(violation), role.name())
}

/// What the names of a violation's files begin with: camera, kind, when it was raised, and its id.
pub fn name(violation: &Violation) -> String {
    let when = told(violation).wall.strftime("%Y%m%dT%H%M%SZ");
    let Violation { camera, kind, id, .. } = violation;
    format!("{camera}_{kind}_{when}_{id}")
}

/// The moment by which evidence is named and cut: when it was raised, or when it began while it is only warned about.
pub fn told(violation: &Violation) -> &Moment {
    violation.raised.as_ref().unwrap_or(&violation.started)
}

/// What stills of one camera's violations show beside the picture.
#[derive(Debug, Clone)]
pub struct Plan {
    camera: Camera,
    /// The detector of rules that name none of their own.
    detector: String,
    timezone: TimeZone,
}

impl Plan {
    /// Of this camera.
    pub fn new(config: &Config, camera: &Camera) -> Self {
        Self {
            camera: camera.clone(),
            detector: config.detector.model.clone(),
            timezone: config.site.timezone.clone(),
        }
    }

    /// The camera.
    pub fn camera(&self) -> &Camera {
        &self.camera
    }

    /// The still of one of a violation's moments. `seen` is what was found at that look, `name` the path of the file to be.
    pub fn shot(
        &self,
        violation: &Violation,
        (role, moment): (EvidenceRole, &Moment),
        seen: &[Detection],
        name: String,
    ) -> Shot {
        let of_rule = |rule: &&RuleConfig| {
            RuleId::new(&self.camera.id, rule.kind(), rule.name.as_deref()) == violation.rule
        };
        let rule = self.camera.rules.iter().find(of_rule);
        // Other rules' models see the same things again.
        let own = rule.and_then(|rule| rule.model.as_ref()).filter(|model| ***model != *self.detector);
        let found: Vec<Detection> =
            seen.iter().filter(|detection| detection.model.as_ref() == own).cloned().collect();
        let still = Still { violation, role, found: &found };
        Shot {
            at: moment.media_s,
            role,
            name,
            marks: Marks {
                masks: self.camera.mask.clone(),
                zone: rule.map(|rule| rule.keys().place().clone()),
                boxes: rule.map(|rule| rule.keys().boxes(&still)).unwrap_or_default(),
            },
            caption: Caption {
                camera_name: violation.camera_name.clone(),
                rule: violation.rule.clone(),
                violation: violation.id,
                role,
                wall: moment.wall,
                wall_origin: violation.wall_origin,
                zone: self.timezone.clone(),
            },
        }
    }
}

/// The stills of some violations of one camera, in the order of the violations and their moments.
pub fn shots(config: &Config, camera: &Camera, violations: &[Violation], seen: &Seen) -> Vec<Shot> {
    let plan = Plan::new(config, camera);
    let mut shots = Vec::new();
    for violation in violations {
        for (role, moment) in moments(violation) {
            let found = seen.get(&moment.media_s).map(Vec::as_slice).unwrap_or_default();
            let name = format!("{}.jpg", stem(violation, role));
            shots.push(plan.shot(violation, (role, moment), found, name));
        }
    }
    shots
}

/// The clip of a violation: from `pre_roll` before it was raised to `post_roll` after it.
pub fn cut(config: &Evidence, violation: &Violation) -> Cut {
    let at = told(violation).media_s;
    let stem = stem(violation, EvidenceRole::Clip);
    Cut { from: at - config.pre_roll, at, to: at + config.post_roll, stem }
}
