//! What is told of a camera's health, whatever is thrown at it: never the same twice in a row, each end after its beginning, and
//! nothing of what flickers.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use firewarden::{
    domain::{CameraFact, Impairment, MediaTime, ModelName, Observation, OfflineReason, Record, Scene, When},
    health::{Health, News, OBSTRUCTED_AFTER, OFFLINE_AFTER, Pictures},
    rules::Eyesight,
};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::{
    scene::{camera, detector, wall},
    stage::clear,
};

/// What a camera does for a while, in seconds.
#[derive(Debug, Clone)]
enum Spell {
    Looks(u32, Scene),
    Away(u32, Option<OfflineReason>),
    Clock(i64),
    KeyFrames(u64),
    Restart,
    Drawn(u8),
    Moved([f32; 2]),
}

fn any_spell() -> impl Strategy<Value = Spell> {
    let number =
        || prop_oneof![8 => 0.0f32..1.0, 1 => prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(-1.0)]];
    let scene = (number(), number(), number(), prop::option::of(number()), prop::option::of(number()))
        .prop_map(|(brightness, contrast, sharpness, changed, identical)| Scene {
            brightness,
            contrast: contrast / 4.0,
            sharpness: sharpness / 20.0,
            changed,
            changed_in: None,
            identical,
            moved: None,
        });
    let dark = Scene { brightness: 0.03, contrast: 0.01, ..clear() };
    let still = Scene { identical: Some(1.0), changed: Some(0.0), ..clear() };
    let scene = prop_oneof![3 => Just(clear()), 1 => Just(dark), 1 => Just(still), 1 => scene];
    let reason = prop::option::of(prop::sample::select(OfflineReason::ALL.to_vec()));
    prop_oneof![
        8 => (1u32..120, scene).prop_map(|(seconds, scene)| Spell::Looks(seconds, scene)),
        3 => (1u32..80, reason).prop_map(|(seconds, reason)| Spell::Away(seconds, reason)),
        3 => (-4000i64..4000).prop_map(Spell::Clock),
        3 => (0u64..20).prop_map(Spell::KeyFrames),
        1 => Just(Spell::Restart),
        1 => (0u8..2).prop_map(Spell::Drawn),
        1 => prop::array::uniform2(-0.1f32..0.1).prop_map(Spell::Moved),
    ]
}

/// A camera and what is told of it.
#[derive(Default)]
struct Told {
    health: Health,
    eyesight: Eyesight,
    second: u32,
    news: Vec<News>,
}

impl Told {
    fn now(&self) -> When {
        let at = MediaTime::from_secs_f64(f64::from(self.second));
        When { at, wall: wall(at), epoch: 0 }
    }

    fn observation(&self, scene: Scene) -> Observation {
        let When { at, wall, epoch } = self.now();
        let (looked, detections, changes) = (vec![detector()], Vec::new(), Vec::new());
        Observation {
            camera: camera(),
            epoch,
            at,
            wall,
            looked,
            detections,
            faint: Vec::new(),
            scene,
            changes,
        }
    }

    fn look(&mut self, observation: &Observation, detector: &ModelName) {
        let moved = self.eyesight.glance(observation);
        self.eyesight.look(detector, observation);
        self.news.extend(self.health.look(observation, self.eyesight.sees(), moved));
    }

    fn spell(&mut self, spell: Spell) {
        match spell {
            Spell::Looks(seconds, scene) => {
                for _ in 0..seconds {
                    self.second += 1;
                    self.news.extend(self.health.pictures(self.now(), Pictures::Come));
                    self.look(&self.observation(scene), &detector());
                }
            }
            Spell::Away(seconds, reason) => {
                for _ in 0..seconds {
                    self.second += 1;
                    self.news.extend(self.health.pictures(self.now(), Pictures::Away(reason)));
                }
            }
            Spell::Clock(off) => {
                self.news.extend(self.health.clock(self.now(), SignedDuration::from_secs(off / 20)));
            }
            Spell::KeyFrames(apart) => {
                let bound = Duration::from_secs(10);
                self.news.extend(self.health.key_frames(self.now(), Duration::from_secs(apart), bound));
            }
            Spell::Restart => {
                let written = serde_json::to_string(&self.health).expect("plain data");
                self.health = serde_json::from_str(&written).expect("what was written is read");
                assert!(self.health.is_sound());
            }
            Spell::Drawn(how) => self.news.extend(self.health.drawn(self.now(), &how.to_string())),
            Spell::Moved(by) => {
                self.second += 1;
                let look = self.observation(Scene { moved: Some(by), ..clear() });
                self.news.extend(self.health.look(&look, self.eyesight.sees(), Some(look.at)));
            }
        }
    }
}

/// What a fact begins, or ends.
fn kind(fact: CameraFact) -> (&'static str, bool) {
    match fact {
        CameraFact::Offline(_) => ("offline", true),
        CameraFact::Online => ("offline", false),
        CameraFact::Obstructed(_) => ("obstructed", true),
        CameraFact::Moved => ("moved", true),
        CameraFact::Clock(_) => ("clock", true),
        CameraFact::Keyframes(_) => ("keyframes", true),
        CameraFact::Restored(Impairment::Obstructed) => ("obstructed", false),
        CameraFact::Restored(Impairment::Moved) => ("moved", false),
        CameraFact::Restored(Impairment::Clock) => ("clock", false),
        CameraFact::Restored(Impairment::Keyframes) => ("keyframes", false),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_is_told_twice_in_a_row_and_each_end_follows_its_beginning(
        spells in prop::collection::vec(any_spell(), 0..60)
    ) {
        let mut told = Told::default();
        spells.into_iter().for_each(|spell| told.spell(spell));
        let mut open = BTreeMap::new();
        for news in &told.news {
            let (what, begins) = kind(news.fact);
            prop_assert_eq!(open.insert(what, begins).unwrap_or(false), !begins, "{:?}", &told.news);
            prop_assert!(news.since <= told.now().wall);
        }
    }

    #[test]
    fn what_is_shorter_than_it_must_last_is_never_told(
        turns in prop::collection::vec((1u32..60, 10u32..60, any::<bool>()), 1..40)
    ) {
        let dark = Scene { brightness: 0.03, contrast: 0.01, ..clear() };
        let mut told = Told::default();
        for (bad, good, is_away) in turns {
            // As often as the connection is looked at, so much less than it may last.
            let most = if is_away { OFFLINE_AFTER } else { OBSTRUCTED_AFTER }.as_secs() as u32;
            let bad = bad.min(most - 1);
            told.spell(if is_away { Spell::Away(bad, Some(OfflineReason::Stalled)) } else { Spell::Looks(bad, dark) });
            told.spell(Spell::Looks(good + 1, clear()));
        }
        prop_assert_eq!(told.news, []);
    }
}

#[test]
fn nothing_is_told_of_cameras_that_see() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/observations");
    let mut looks = 0;
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.extension().is_none_or(|end| end != "jsonl") {
            continue;
        }
        let (mut told, text) = (Told::default(), fs::read_to_string(&entry).expect("readable"));
        for line in text.lines() {
            if let Record::Observation(look) = serde_json::from_str(line).expect("a record") {
                told.look(&look, &detector());
                looks += 1;
            }
        }
        assert_eq!(told.news, [], "{}", entry.display());
    }
    assert!(looks > 50, "{looks}");
}
