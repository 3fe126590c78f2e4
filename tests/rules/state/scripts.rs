//! Random scripts: what happens to a camera with rules of every kind, looked at by two models.

use std::time::Duration;

use firewarden::{
    config::RuleConfig,
    domain::{
        Change, Class, Detection, Epoch, Gap, GapReason, MediaTime, ModelName, Observation, Record,
        WallOrigin, When,
    },
    geometry::BBox,
    judge::{Judge, Judgement},
    kinds::settings::{ControlRoomUnattended, EbikeInElevator, FireLaneParking, Settings},
};
use proptest::prelude::*;

use crate::{
    scene::{Pace, Picture, Scene, Thing, camera, detector, thumbnail, wall},
    stage::{clear, control_room, during, elevator, fire_lane, rule},
};

/// The model of the elevator's own.
pub fn own() -> ModelName {
    "lift".into()
}

/// What happens to a camera.
#[derive(Debug, Clone)]
pub enum Happens {
    Told(Record),
    Tick(When),
}

impl Happens {
    pub fn to(&self, judge: &mut Judge) -> Judgement {
        match self {
            Self::Told(record) => judge.take(record),
            Self::Tick(now) => judge.tick(*now),
        }
    }

    /// The same, later by so many microseconds, in epochs that are numbered from there.
    pub fn later(&self, by: i64, epochs: u32) -> Self {
        let later = |at: MediaTime| MediaTime::from_micros(at.as_micros() + by);
        match self.clone() {
            Self::Tick(When { at, epoch, .. }) => Self::Tick(when(later(at), epoch + epochs)),
            Self::Told(Record::Observation(look)) => {
                let When { at, wall, epoch } = when(later(look.at), look.epoch + epochs);
                Self::Told(Record::Observation(Observation { at, wall, epoch, ..look }))
            }
            Self::Told(Record::Gap(gap)) => {
                let (from, to) = (later(gap.from), gap.to.map(later));
                Self::Told(Record::Gap(Gap { from, to, epoch: gap.epoch + epochs, ..gap }))
            }
            Self::Told(Record::Epoch(epoch)) => {
                Self::Told(Record::Epoch(begun(epoch.epoch + epochs, later(epoch.from), epoch.file)))
            }
        }
    }
}

pub fn when(at: MediaTime, epoch: u32) -> When {
    When { at, wall: wall(at), epoch }
}

pub fn begun(epoch: u32, from: MediaTime, file: Option<String>) -> Epoch {
    Epoch {
        camera: camera(),
        epoch,
        from,
        zero: None,
        wall: wall(from),
        wall_origin: if file.is_some() { WallOrigin::FileName } else { WallOrigin::Clock },
        file,
        codec: "h264".to_owned(),
        width: 1280,
        height: 720,
        regions: Default::default(),
    }
}

pub fn gap(from: MediaTime, to: Option<MediaTime>, reason: GapReason) -> Record {
    Record::Gap(Gap { camera: camera(), epoch: 0, from, to, reason })
}

/// Two lanes, a post and an elevator with a model of its own; some of them warn, notify again, and have hours.
pub fn any_rules() -> impl Strategy<Value = Vec<RuleConfig>> {
    let hours = || prop::sample::select(vec![None, None, Some("08:00-08:01"), Some("08:01-08:03")]);
    let seconds = |choices: [u64; 3]| {
        prop::sample::select(choices.to_vec()).prop_map(|s| (s > 0).then(|| Duration::from_secs(s)))
    };
    let of_one = (hours(), seconds([0, 2, 4]), seconds([0, 3, 10]));
    prop::array::uniform4(of_one).prop_map(|[first, second, third, fourth]| {
        let scheduled = |config: RuleConfig, hours: Option<&str>| match hours {
            Some(hours) => during(config, hours),
            None => config,
        };
        let lane = |dwell: f64, warn_after, update_every| {
            rule(Settings::FireLaneParking(FireLaneParking { warn_after, update_every, ..fire_lane(dwell) }))
        };
        let post =
            ControlRoomUnattended { warn_after: third.1, update_every: third.2, ..control_room(1, 6.0) };
        let Settings::EbikeInElevator(keys) = elevator().settings else { panic!("an elevator") };
        let lift = EbikeInElevator { update_every: fourth.2, ..keys };
        let named = |config: RuleConfig, name: &str| RuleConfig { name: Some(name.to_owned()), ..config };
        let lift = RuleConfig { model: Some(own()), ..rule(Settings::EbikeInElevator(lift)) };
        vec![
            named(scheduled(lane(5.0, first.1, first.2), first.0), "east"),
            named(scheduled(lane(20.0, second.1, second.2), second.0), "west"),
            scheduled(rule(Settings::ControlRoomUnattended(post)), third.0),
            scheduled(lift, fourth.0),
        ]
    })
}

/// Boxes of a few places, so that things stand, and any others.
fn any_box() -> impl Strategy<Value = BBox> {
    let edge =
        prop_oneof![8 => 0.0f32..1.0, 1 => prop::sample::select(vec![f32::NAN, f32::MAX, -3e37, 1e-6])];
    prop_oneof![
        8 => (0u8..3, -0.01f32..0.01).prop_map(|(place, off)| {
            let x = 0.1 + 0.25 * f32::from(place) + off;
            BBox::new(x, 0.6 + off, x + 0.2, 0.8)
        }),
        1 => prop::array::uniform4(edge).prop_map(BBox::from),
    ]
}

fn any_detection() -> impl Strategy<Value = Detection> {
    let class = prop::sample::select(vec![
        Class::Person,
        Class::Bicycle,
        Class::Ebike,
        Class::Ebike,
        Class::Car,
        Class::Truck,
    ]);
    (class, 0.2f32..1.0, any_box(), prop::option::of(1u64..4), any::<bool>()).prop_map(
        |(class, confidence, bbox, pattern, is_own)| Detection {
            class,
            confidence,
            bbox,
            appearance: pattern.map(|pattern| thumbnail(pattern, f64::from(confidence))),
            model: is_own.then(own),
        },
    )
}

#[derive(Debug, Clone)]
enum Step {
    Look(Vec<Detection>, u8, u8),
    Gap(i64, Option<i64>),
    Epoch(bool),
    Tick,
}

/// Looks, gaps, epochs and ticks by chance.
fn by_chance() -> impl Strategy<Value = Vec<Happens>> {
    let passed = prop_oneof![20 => 70_000i64..2_000_000, 1 => -3_000_000i64..0, 1 => Just(0), 1 => Just(3_600_000_000)];
    let step = prop_oneof![
        20 => (prop::collection::vec(any_detection(), 0..6), any::<u8>(), any::<u8>()).prop_map(|(d, p, w)| Step::Look(d, p, w)),
        1 => (-1_000_000i64..1_000_000, prop::option::of(-2_000_000i64..9_000_000)).prop_map(|(from, to)| Step::Gap(from, to)),
        1 => any::<bool>().prop_map(Step::Epoch),
        2 => Just(Step::Tick),
    ];
    prop::collection::vec((passed, step), 1..120).prop_map(|steps| {
        let (mut now, mut epoch) = (0i64, 0);
        let told = steps.into_iter().map(|(passed, step)| {
            now = (now + passed).max(0);
            let at = MediaTime::from_micros(now);
            match step {
                Step::Look(detections, picture, who) => {
                    let mut look =
                        Observation { detections, epoch, ..crate::stage::look(at.as_secs_f64(), &[]) };
                    (look.scene.brightness, look.scene.contrast) = match picture {
                        0..=20 => (0.03, 0.01),
                        _ => (0.5, 0.2),
                    };
                    look.scene.sharpness = if picture < 40 { 0.004 } else { 0.03 };
                    look.scene.identical = Some(if (40..60).contains(&picture) { 1.0 } else { 0.5 });
                    look.scene.moved = (60..70).contains(&picture).then_some([0.04, 0.0]);
                    Happens::Told(Record::Observation(seen_by(look, who)))
                }
                Step::Gap(from, to) => {
                    let time = |of: i64| MediaTime::from_micros(now + of);
                    Happens::Told(gap(time(from), to.map(time), GapReason::Offline))
                }
                Step::Epoch(is_file) => {
                    epoch += 1;
                    let file = is_file.then(|| format!("{epoch}.mp4"));
                    Happens::Told(Record::Epoch(begun(epoch, at, file)))
                }
                Step::Tick => Happens::Tick(when(at, epoch)),
            }
        });
        told.collect()
    })
}

/// A look that one of the models took, or both.
fn seen_by(mut look: Observation, who: u8) -> Observation {
    look.looked = match who % 4 {
        0 => vec![own()],
        1 => vec![detector()],
        _ => vec![detector(), own()],
    };
    if who.is_multiple_of(5) {
        let (changed, identical) = (Some(0.02), Some(0.6));
        look.changes = vec![Change { model: own(), changed, changed_in: None, identical }];
    }
    look
}

/// What stands before the camera: a car, a truck, a person, an e-bike, or somebody who is found as a row of boxes.
const KINDS: [(Class, (f64, f64), usize); 5] = [
    (Class::Car, (0.2, 0.2), 1),
    (Class::Truck, (0.25, 0.25), 1),
    (Class::Person, (0.1, 0.4), 1),
    (Class::Ebike, (0.2, 0.3), 1),
    (Class::Person, (0.1, 0.4), 3),
];

/// Things that come, stand, flicker and go, in pictures that are dark or frozen at times, of a camera that may be knocked.
fn by_scene() -> impl Strategy<Value = Vec<Happens>> {
    let thing = (0..KINDS.len(), 0.0f64..25.0, 3.0f64..40.0, 0u64..4, 0.0f64..0.4, 0u8..3);
    let picture = prop::sample::select(vec![
        Picture::Dark,
        Picture::Covered,
        Picture::Frozen,
        Picture::Frozen,
        Picture::Blurred,
    ]);
    let spell = (0.0f64..40.0, 1.0f64..50.0, picture);
    (
        prop::collection::vec(thing, 0..7),
        prop::collection::vec(spell, 0..3),
        prop::option::of((5.0f64..60.0, 1.0f64..50.0)),
        prop::option::of(2.0f64..50.0),
        prop::option::of((10.0f64..40.0, 8.0f64..20.0)),
        prop::option::of(0usize..3),
        any::<u64>(),
        prop::sample::select(vec![0.2, 0.5, 1.0]),
    )
        .prop_map(|(things, spells, gap, knocked, missed, poster, seed, every)| {
            let mut scene = Scene::new(75.0);
            if let Some(place) = poster {
                let thing = Thing::new(Class::Ebike, (0.2, 0.3), 77);
                let x = 0.15 + 0.3 * place as f64;
                scene = scene.with(thing.at(0.0, x, 0.6).at(75.0, x, 0.6));
            }
            for (n, (kind, comes, stays, pattern, missed, place)) in things.into_iter().enumerate() {
                let (class, size, boxes) = KINDS[kind];
                for part in 0..boxes {
                    let x = 0.2 + 0.3 * f64::from(place) + 0.05 * part as f64;
                    let thing = Thing::new(class, size, pattern + 4 * n as u64).missed(missed);
                    let stands = thing.at(comes, -0.1, 0.7).at(comes + 1.0, x, 0.7).at(comes + stays, x, 0.7);
                    scene = scene.with(stands.at(comes + stays + 1.5, 1.2, 0.7));
                }
            }
            for (from, lasts, picture) in spells {
                scene = scene.spell(from..from + lasts, picture);
            }
            if let Some((from, lasts)) = gap {
                scene = scene.gap(from..from + lasts);
            }
            told_of(&scene, Pace { fps: 10.0, every, lost: 0.05, seed }, knocked, missed)
        })
}

/// A scene as both models see it, with an epoch each 25 s and a tick after each tenth look; the camera may be knocked, and
/// vehicles may be missed for a while.
fn told_of(scene: &Scene, pace: Pace, knocked: Option<f64>, missed: Option<(f64, f64)>) -> Vec<Happens> {
    let mut told = vec![Happens::Told(Record::Epoch(begun(0, MediaTime::ZERO, None)))];
    let (mut epoch, mut looks) = (0, 0u8);
    scene.play(pace, |record| {
        let mut record = record.clone();
        if let Record::Observation(look) = &mut record {
            let at = look.at.as_secs_f64();
            let now = (at / 25.0) as u32;
            if now > epoch {
                epoch = now;
                let file = epoch.is_multiple_of(2).then(|| format!("{epoch}.mp4"));
                told.push(Happens::Told(Record::Epoch(begun(epoch, look.at, file))));
            }
            look.epoch = epoch;
            looks = looks.wrapping_add(1);
            if let Some(since) = knocked.map(|knocked| at - knocked).filter(|since| *since >= 0.0) {
                look.scene.moved = (since < 14.0).then_some([0.05, 0.0]);
                look.detections.iter_mut().for_each(|d| d.bbox = shifted(d.bbox, 0.05, 0.0));
            }
            if missed.is_some_and(|(from, lasts)| (from..from + lasts).contains(&at)) {
                look.detections.retain(|d| !d.class.is_vehicle());
            }
            if looks % 7 < 2 {
                // Boxed together with something far behind.
                let vehicles = look.detections.iter_mut().filter(|d| d.class.is_vehicle());
                vehicles.for_each(|d| d.bbox.top -= 0.15);
            }
            let also = look.detections.iter().map(|d| Detection { model: Some(own()), ..d.clone() });
            let also: Vec<Detection> = also.collect();
            look.detections.extend(also);
            *look = seen_by(look.clone(), looks);
            if looks.is_multiple_of(10) {
                told.push(Happens::Tick(when(look.at, epoch)));
            }
        }
        told.push(Happens::Told(record));
        None
    });
    told
}

fn shifted(b: BBox, x: f32, y: f32) -> BBox {
    BBox::new(b.left + x, b.top + y, b.right + x, b.bottom + y)
}

pub fn any_script() -> impl Strategy<Value = Vec<Happens>> {
    prop_oneof![by_chance(), by_scene()]
}

/// Cars stand in the lane and people pass, while others come and go, one look a second.
pub fn busy(looks: u32) -> impl Iterator<Item = Happens> {
    (0..looks).map(|n| {
        let at = MediaTime::from_micros(i64::from(n) * 1_000_000);
        if n.is_multiple_of(300) {
            return Happens::Told(Record::Epoch(begun(n / 300, at, None)));
        }
        let mut look = Observation { epoch: n / 300, ..crate::stage::look(at.as_secs_f64(), &[]) };
        let mut add = |class, x: f32, y: f32, pattern: u64| {
            for model in [None, Some(own())] {
                let appearance = (class != Class::Person).then(|| thumbnail(pattern, at.as_secs_f64()));
                let bbox = BBox::new(x, y, x + 0.08, y + 0.12);
                look.detections.push(Detection { class, confidence: 0.8, bbox, appearance, model });
            }
        };
        for place in 0..8u32 {
            // Each stands for some minutes, then its place is empty for a while.
            let turn = (n + 97 * place) / 400;
            if (n + 97 * place) % 400 < 330 {
                add(Class::Car, 0.02 + 0.12 * place as f32, 0.7, u64::from(place + 10 * turn));
            }
        }
        for person in 0..4u32 {
            add(Class::Person, 0.01 * ((n * (person + 3)) % 90) as f32, 0.3 + 0.1 * person as f32, 0);
        }
        if n % 700 < 60 {
            add(Class::Ebike, 0.5, 0.55, 3);
        }
        look.looked = vec![detector(), own()];
        look.scene = clear();
        Happens::Told(Record::Observation(look))
    })
}
