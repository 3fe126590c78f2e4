//! What creeps does not stand, however slowly it leaves its place.

use firewarden::{
    domain::{Class, Phase, Record},
    geometry::BBox,
};

use crate::{
    scene::chance,
    stage::{Stage, lane, look},
};

/// Plays what has this box at each time, if any, to a lane of the picture's lower half.
fn play(dwell: f64, every: f64, until: f64, boxed: impl Fn(f64) -> Option<BBox>) -> Stage {
    let mut stage = Stage::new(lane(dwell));
    for n in 0..(until / every) as u32 {
        let t = f64::from(n) * every;
        let things: Vec<_> = boxed(t).into_iter().map(|bbox| (Class::Car, bbox.into())).collect();
        stage.take(&Record::Observation(look(t, &things)));
    }
    stage
}

const SIZES: [(f32, f32); 4] = [(0.03, 0.02), (0.06, 0.08), (0.16, 0.12), (0.40, 0.35)];

#[test]
fn what_moves_half_its_box_in_six_seconds_again_and_again_does_not_stand() {
    for (width, height) in SIZES {
        for dwell in [5.0, 6.0, 8.0, 10.0, 20.0] {
            // As often as a lane looks by itself. In less than 8 s the smallest moves by no more than its box jitters.
            for every in [0.2, 0.5, 1.0].into_iter().filter(|every| *every <= dwell / 10.0) {
                if width < 0.05 && dwell < 8.0 {
                    continue;
                }
                let at = |x: f32| (x < 1.0).then(|| BBox::new(x, 0.95 - height, x + width, 0.95));
                let steadily = play(dwell, every, 90.0, |t| at(width * (t / 12.0) as f32));
                assert_eq!(steadily.phases(), [], "steadily: {width}, {dwell} s, every {every} s");
                // Moves for two of the six seconds: the rest, and a second and a half before and after, it is in one place.
                let stopping = |t: f64| {
                    let step = (t / 6.0).floor();
                    at(width * 0.5 * (step + ((t - 6.0 * step) / 2.0).min(1.0)) as f32)
                };
                if dwell > 7.0 {
                    let stopping = play(dwell, every, 90.0, stopping);
                    assert_eq!(stopping.phases(), [], "stopping: {width}, {dwell} s, every {every} s");
                }
            }
        }
    }
}

#[test]
fn what_creeps_and_then_stands_is_raised_once_it_has_stood() {
    for (width, height) in SIZES {
        let x = |t: f64| 0.1 + width * (t.min(12.0) / 12.0) as f32;
        let stage = play(10.0, 0.5, 60.0, |t| Some(BBox::new(x(t), 0.95 - height, x(t) + width, 0.95)));
        let times = stage.times();
        assert_eq!(times.len(), 1, "{width}: {times:?}");
        let (started, raised, ended) = times[0];
        assert!((6.0..=14.0).contains(&started) && raised <= 24.0 && ended.is_none(), "{width}: {times:?}");
    }
}

/// Cut by the picture's edge, its box shrinks there while its other end moves on.
#[test]
fn what_moves_out_of_the_picture_does_not_stand() {
    for (width, height) in [(0.3f32, 0.2f32), (0.2, 0.12), (0.12, 0.3)] {
        for seconds in [12.0, 16.0, 24.0] {
            let dwell = seconds / 2.4;
            for every in [0.2, 0.5, 1.0].into_iter().filter(|every| *every <= dwell / 10.0) {
                let gone = |t: f64| width * (t / seconds) as f32;
                let right =
                    |t| (gone(t) < width).then(|| BBox::new(1.0 - width + gone(t), 0.95 - height, 1.0, 0.95));
                let left = |t| right(t).map(|b| BBox::new(0.0, b.top, 1.0 - b.left, b.bottom));
                let below = |t| {
                    let top = 1.0 - height * (1.0 - (t / seconds) as f32);
                    (top < 1.0).then(|| BBox::new(0.4, top, 0.4 + width, 1.0))
                };
                for (name, stage) in [
                    ("right", play(dwell, every, 40.0, right)),
                    ("left", play(dwell, every, 40.0, left)),
                    ("below", play(dwell, every, 40.0, below)),
                ] {
                    assert_eq!(
                        stage.phases(),
                        [],
                        "{name}: {width} x {height} in {seconds} s, every {every} s"
                    );
                }
            }
        }
    }
}

#[test]
fn what_stands_cut_by_the_edge_is_raised_in_time_though_its_box_dances() {
    for seed in 0..40 {
        let dance = |t: f64, salt: u64| 0.02 * (chance(seed * 10 + salt, t) as f32 - 0.5);
        let stage = play(8.0, 0.5, 30.0, |t| {
            Some(BBox::new(0.8 + dance(t, 1), 0.7 + dance(t, 2), 1.0, 0.9 + dance(t, 3)))
        });
        assert_eq!(stage.times(), [(0.0, 8.0, None)], "{seed}");
    }
}

/// Another that stands before it for a while hides one end: that end moves, the other does not.
#[test]
fn what_stands_and_is_hidden_in_part_is_raised_in_time() {
    for (from, to) in [(4.0, 60.0), (6.0, 11.0)] {
        let stage = play(10.0, 0.5, 30.0, |t| {
            let hidden = if (from..to).contains(&t) { 0.06 } else { 0.0 };
            Some(BBox::new(0.4, 0.7, 0.6 - hidden, 0.9))
        });
        assert_eq!(stage.phases(), [Phase::Raised]);
        assert_eq!(stage.times(), [(0.0, 10.0, None)]);
    }
}
