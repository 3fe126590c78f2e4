//! Which pictures and clips show a violation.

use std::collections::BTreeMap;

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

/// Path of a file of evidence within the result folder, without its extension: camera, kind, when it was raised, the
/// violation's id, and what the file shows.
pub fn stem(violation: &Violation, role: EvidenceRole) -> String {
    let when = told(violation).wall.strftime("%Y%m%dT%H%M%SZ");
    let Violation { camera, kind, id, .. } = violation;
    format!("evidence/{camera}_{kind}_{when}_{id}_{}", role.name())
}

/// The moment by which evidence is named and cut: when it was raised, or when it began while it is only warned about.
fn told(violation: &Violation) -> &Moment {
    violation.raised.as_ref().unwrap_or(&violation.started)
}

/// The stills of some violations of one camera, in the order of the violations and their moments.
pub fn shots(config: &Config, camera: &Camera, violations: &[Violation], seen: &Seen) -> Vec<Shot> {
    let rules: BTreeMap<RuleId, &RuleConfig> = camera
        .rules
        .iter()
        .map(|rule| (RuleId::new(&camera.id, rule.kind(), rule.name.as_deref()), rule))
        .collect();
    let mut shots = Vec::new();
    for violation in violations {
        let rule = rules.get(&violation.rule).copied();
        for (role, moment) in moments(violation) {
            // Other rules' models see the same things again.
            let own =
                rule.and_then(|rule| rule.model.as_ref()).filter(|model| ***model != *config.detector.model);
            let found: Vec<Detection> = seen.get(&moment.media_s).map_or(Vec::new(), |found| {
                found.iter().filter(|detection| detection.model.as_ref() == own).cloned().collect()
            });
            let still = Still { violation, role, found: &found };
            let boxes = rule.map(|rule| rule.keys().boxes(&still)).unwrap_or_default();
            shots.push(Shot {
                at: moment.media_s,
                role,
                name: format!("{}.jpg", stem(violation, role)),
                marks: Marks { zone: rule.map(|rule| rule.keys().place().clone()), boxes },
                caption: Caption {
                    camera_name: violation.camera_name.clone(),
                    rule: violation.rule.clone(),
                    violation: violation.id,
                    role,
                    wall: moment.wall,
                    wall_origin: violation.wall_origin,
                    zone: config.site.timezone.clone(),
                },
            });
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
