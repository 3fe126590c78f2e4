//! Scenes by script: things that move along paths before a camera, and what looks at them would have told.

use std::{collections::BTreeMap, ops::Range};

use firewarden::{
    domain::{
        Attention, CameraId, Class, Detection, Epoch, Gap, GapReason, MediaTime, ModelName, Observation,
        Record, Scene as SceneState, THUMBNAIL_SIDE, Thumbnail, WallOrigin,
    },
    geometry::BBox,
};
use jiff::{Timestamp, ToSpan};

/// The detector of every scene's camera.
pub const DETECTOR: &str = "scripted";

/// Wall time of every scene's first picture: a Tuesday, 08:00 in Shanghai.
pub const START: &str = "2026-11-24T00:00:00Z";

/// Something before the camera.
#[derive(Debug, Clone)]
pub struct Thing {
    class: Class,
    /// Width and height.
    size: (f64, f64),
    /// Time, x and y of the box's centre; there from the first to the last.
    path: Vec<(f64, f64, f64)>,
    /// What it looks like.
    pattern: u64,
    /// Share of looks at which the detector misses it.
    missed: f64,
    /// By how much its box dances, and when.
    jitter: (f64, Range<f64>),
    /// What the detector also calls it: at the same look, or instead at every second look.
    also: Option<Class>,
    instead: Option<Class>,
}

impl Thing {
    pub fn new(class: Class, size: (f64, f64), pattern: u64) -> Self {
        let jitter = (0.0, 0.0..0.0);
        Self { class, size, path: Vec::new(), pattern, missed: 0.0, jitter, also: None, instead: None }
    }

    /// Passes through (`x`, `y`) at `t` seconds, in a straight line from the point before.
    pub fn at(mut self, t: f64, x: f64, y: f64) -> Self {
        self.path.push((t, x, y));
        self
    }

    pub fn missed(mut self, share: f64) -> Self {
        self.missed = share;
        self
    }

    pub fn dancing(mut self, by: f64, when: Range<f64>) -> Self {
        self.jitter = (by, when);
        self
    }

    pub fn also(mut self, class: Class) -> Self {
        self.also = Some(class);
        self
    }

    pub fn or(mut self, class: Class) -> Self {
        self.instead = Some(class);
        self
    }

    fn bbox(&self, t: f64) -> Option<BBox> {
        let first = self.path.first()?;
        let next = self.path.iter().position(|(at, ..)| *at >= t)?;
        let (t1, x1, y1) = self.path[next];
        let (t0, x0, y0) = if next == 0 { *first } else { self.path[next - 1] };
        if t < t0 {
            return None;
        }
        let share = if t1 > t0 { (t - t0) / (t1 - t0) } else { 1.0 };
        let dance = if self.jitter.1.contains(&t) { self.jitter.0 } else { 0.0 };
        let off = |salt: u64| dance * (2.0 * chance(self.pattern + salt, t) - 1.0);
        let (x, y) = (x0 + share * (x1 - x0), y0 + share * (y1 - y0));
        let (w, h) = (self.size.0 / 2.0, self.size.1 / 2.0);
        let edge = |v: f64| ((v * 1e4).round() / 1e4) as f32;
        Some(BBox::new(
            edge(x - w + off(1)),
            edge(y - h + off(2)),
            edge(x + w + off(3)),
            edge(y + h + off(4)),
        ))
    }
}

/// The state of the picture during a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    Clear,
    Dark,
    Covered,
    Frozen,
    Blurred,
}

/// A scene: things in the order of distance, the nearest last.
#[derive(Debug, Clone)]
pub struct Scene {
    pub length: f64,
    things: Vec<Thing>,
    spells: Vec<(Range<f64>, Picture)>,
    gaps: Vec<Range<f64>>,
    appearance: bool,
}

impl Scene {
    pub fn new(length: f64) -> Self {
        Self { length, things: Vec::new(), spells: Vec::new(), gaps: Vec::new(), appearance: true }
    }

    pub fn with(mut self, thing: Thing) -> Self {
        self.things.push(thing);
        self
    }

    pub fn spell(mut self, when: Range<f64>, picture: Picture) -> Self {
        self.spells.push((when, picture));
        self
    }

    pub fn gap(mut self, when: Range<f64>) -> Self {
        self.gaps.push(when);
        self
    }

    pub fn without_appearance(mut self) -> Self {
        self.appearance = false;
        self
    }

    fn picture(&self, t: f64) -> Picture {
        self.spells.iter().find(|(when, _)| when.contains(&t)).map_or(Picture::Clear, |(_, picture)| *picture)
    }

    /// What a look at `t` tells, `before` being the time of the look before.
    pub fn look(&self, t: f64, before: Option<f64>) -> Observation {
        let picture = self.picture(t);
        // A frozen picture shows what was there when it froze; in a dark or covered one nothing is found.
        let shown = match picture {
            Picture::Frozen => self.spells.iter().find(|(w, _)| w.contains(&t)).map_or(t, |(w, _)| w.start),
            _ => t,
        };
        let boxes: Vec<(usize, BBox)> =
            self.things.iter().enumerate().filter_map(|(i, thing)| Some((i, thing.bbox(shown)?))).collect();
        let mut detections = Vec::new();
        for (order, (i, bbox)) in boxes.iter().enumerate() {
            let thing = &self.things[*i];
            let hidden = boxes[order + 1..].iter().any(|(_, nearer)| bbox.share_within(nearer) > 0.6);
            let blind = matches!(picture, Picture::Dark | Picture::Covered | Picture::Blurred);
            if blind || hidden || chance(thing.pattern + 77, shown) < thing.missed {
                continue;
            }
            let half = chance(thing.pattern + 99, shown) < 0.5;
            let class = thing.instead.filter(|_| half).unwrap_or(thing.class);
            let appearance =
                (self.appearance && class != Class::Person).then(|| thumbnail(thing.pattern, shown));
            let found = |class, confidence| Detection {
                class,
                confidence,
                bbox: *bbox,
                appearance: appearance.clone(),
                model: None,
            };
            detections.push(found(class, 0.8));
            if let Some(also) = thing.also {
                detections.push(found(also, 0.6));
            }
        }
        detections.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let moving = before.is_some_and(|before| {
            picture != Picture::Frozen && self.things.iter().any(|th| th.bbox(before) != th.bbox(t))
        });
        let (brightness, contrast, sharpness) = match picture {
            Picture::Dark => (0.063, 0.004, 0.0),
            Picture::Covered => (0.4, 0.02, 0.001),
            Picture::Blurred => (0.45, 0.18, 0.008),
            Picture::Clear | Picture::Frozen => (0.45, 0.2, 0.03),
        };
        // Noise changes this much from key frame to key frame in the room of the sample footage.
        let identical = if picture == Picture::Frozen { 1.0 } else { 0.4 };
        let scene = SceneState {
            brightness,
            contrast,
            sharpness,
            changed: before.map(|_| if moving { 0.03 } else { 0.0005 }),
            changed_in: None,
            identical: before.map(|_| identical),
            moved: None,
        };
        let at = MediaTime::from_secs_f64(t);
        Observation {
            camera: camera(),
            epoch: 0,
            at,
            wall: wall(at),
            looked: vec![detector()],
            detections,
            faint: Vec::new(),
            scene,
            changes: Vec::new(),
        }
    }

    fn gap_at(&self, t: f64) -> Option<&Range<f64>> {
        self.gaps.iter().find(|gap| gap.contains(&t))
    }

    /// Plays the scene at `fps` pictures a second to `watcher`, which is looked for at least `every` seconds and
    /// more often where it asks; of the looks a share `lost` is dropped by chance of `seed`.
    pub fn play(&self, pace: Pace, mut watcher: impl FnMut(&Record) -> Option<Attention>) {
        let mut next = 0.0;
        let mut asked: Option<(f64, f64)> = None;
        let mut before: Option<f64> = None;
        let mut in_gap: Option<&Range<f64>> = None;
        let pictures = (self.length * pace.fps).floor() as u64;
        for n in 0..pictures {
            let t = n as f64 / pace.fps;
            let gap = self.gap_at(t);
            if let Some(over) = in_gap.filter(|_| gap.is_none()) {
                watcher(&gap_record(over.start, Some(over.end)));
                before = None;
            }
            if let Some(gap) = gap {
                if in_gap.is_none() {
                    watcher(&gap_record(gap.start, None));
                }
                in_gap = Some(gap);
                continue;
            }
            in_gap = None;
            let soon = asked.is_some_and(|(every, until)| {
                t <= until && before.is_none_or(|before| t - before >= every - 1e-9)
            });
            if t + 1e-9 < next && !soon {
                continue;
            }
            while next <= t + 1e-9 {
                next += pace.every;
            }
            if chance(pace.seed, t) < pace.lost {
                continue;
            }
            let look = self.look(t, before);
            before = Some(t);
            if let Some(attention) = watcher(&Record::Observation(look)) {
                asked = Some((attention.every.as_secs_f64(), attention.until.as_secs_f64()));
            }
        }
    }

    /// The scene as a file of records: a look every `every` seconds.
    pub fn records(&self, every: f64) -> Vec<Record> {
        let mut records = vec![Record::Epoch(Epoch {
            camera: camera(),
            epoch: 0,
            from: MediaTime::ZERO,
            zero: None,
            wall: wall(MediaTime::ZERO),
            wall_origin: WallOrigin::Given,
            file: Some("scripted.mp4".to_owned()),
            codec: "h264".to_owned(),
            width: 1280,
            height: 720,
            regions: BTreeMap::new(),
        })];
        self.play(Pace { fps: 1.0 / every, every, lost: 0.0, seed: 0 }, |record| {
            records.push(record.clone());
            None
        });
        records
    }
}

/// How a scene is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Pictures a second.
    pub fps: f64,
    /// Seconds from look to look.
    pub every: f64,
    /// Share of looks that are dropped.
    pub lost: f64,
    pub seed: u64,
}

impl Pace {
    /// A look every `every` seconds of ten pictures a second, none dropped.
    pub fn every(every: f64) -> Self {
        Self { fps: 10.0, every, lost: 0.0, seed: 0 }
    }
}

pub fn camera() -> CameraId {
    CameraId::new("lane-3").expect("an id")
}

pub fn detector() -> ModelName {
    DETECTOR.into()
}

pub fn wall(at: MediaTime) -> Timestamp {
    START.parse::<Timestamp>().expect("a timestamp") + at.as_micros().microseconds()
}

fn gap_record(from: f64, to: Option<f64>) -> Record {
    Record::Gap(Gap {
        camera: camera(),
        epoch: 0,
        from: MediaTime::from_secs_f64(from),
        to: to.map(MediaTime::from_secs_f64),
        reason: GapReason::Offline,
    })
}

/// A number from 0 to 1 that depends on `salt` and the time alone (SplitMix64, Steele et al., OOPSLA 2014).
pub fn chance(salt: u64, t: f64) -> f64 {
    let mut z = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add((t * 1e6).round() as u64);
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// What a thing of `pattern` looks like at `t`: sixteen patches of luma, and a little noise.
pub fn thumbnail(pattern: u64, t: f64) -> Thumbnail {
    let mut pixels = [0; THUMBNAIL_SIDE * THUMBNAIL_SIDE];
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = (i % THUMBNAIL_SIDE, i / THUMBNAIL_SIDE);
        let patch = (y / 6 * 4 + x / 6) as u64;
        let luma = 40.0 + 180.0 * chance(pattern * 1000 + patch, 0.0);
        *pixel = (luma + 8.0 * chance(pattern + i as u64, t)) as u8;
    }
    Thumbnail::new(pixels)
}
