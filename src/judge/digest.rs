use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::{
    config::{Camera, DetectorConfig, RuleConfig, Site},
    domain::{CameraId, Class, SiteId},
    files,
    geometry::BBox,
};

/// All that decides what a rule makes of what a camera shows. Names for people are not among it, nor is how often something is
/// told again.
#[derive(Serialize)]
struct Decides<'c> {
    site: &'c SiteId,
    camera: &'c CameraId,
    time_zone: Option<&'c str>,
    region: BBox,
    pixel_aspect: Option<(u32, u32)>,
    rule: &'c RuleConfig,
    every: Duration,
    quiet: Duration,
    detector: &'c str,
    confidence: f32,
    head: Option<&'c str>,
    classes: Option<&'c BTreeMap<Class, Vec<usize>>>,
    input: Option<[u32; 2]>,
    second_look: Option<bool>,
    whole_picture: bool,
}

/// The SHA-256, in lower-case hexadecimal, of all settings that decide what `rule` makes of what a camera shows, those that
/// were left out too: what one rule knew is of use to another only where it is the same. `detector` are the settings of the
/// camera's detector; those of rules with one of their own follow them.
pub fn digest(site: &Site, camera: &Camera, rule: &RuleConfig, detector: &DetectorConfig) -> String {
    let decisive = RuleConfig { settings: rule.settings.without_updates(), ..rule.clone() };
    let decides = Decides {
        site: &site.id,
        camera: &camera.id,
        time_zone: site.timezone.iana_name(),
        region: camera.region,
        pixel_aspect: camera.pixel_aspect.map(|aspect| aspect.ratio()),
        rule: &decisive,
        every: rule.every(),
        quiet: rule.quiet(),
        detector: rule.model.as_deref().unwrap_or(&detector.model),
        confidence: detector.confidence,
        head: detector.head.as_deref(),
        classes: detector.classes.as_ref(),
        input: detector.input,
        second_look: detector.second_look,
        whole_picture: detector.whole_picture,
    };
    // Plain data can always be written. If not, no two digests would be told apart, so what is written is none.
    serde_json::to_vec(&decides).map_or_else(|_| String::new(), |written| files::sha256(&written))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn of(keys: &str) -> String {
        let text = format!(
            "[site]\nid = \"s\"\nname = \"s\"\ntimezone = \"Asia/Shanghai\"\n[box]\nid = \"b\"\n[detector]\nmodel = \"m\"\n\
             [[camera]]\nid = \"lane\"\nsource = \"a.mp4\"\n[[camera.rule]]\nkind = \"fire_lane_parking\"\n\
             zone = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]\n{keys}"
        );
        let config = Config::parse(&text, Path::new(""), &|_| None).expect("it is sound");
        let camera = &config.cameras[0];
        digest(&config.site, camera, &camera.rules[0], &config.detector)
    }

    #[test]
    fn what_decides_tells_rules_apart_and_how_often_they_tell_does_not() {
        assert_ne!(of("dwell = \"60s\""), of("dwell = \"61s\""));
        assert_eq!(of("dwell = \"60s\""), of("dwell = \"60s\"\nupdate_every = \"5m\""));
    }
}
