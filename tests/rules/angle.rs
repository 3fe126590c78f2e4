//! Vehicles at an angle, in and beside a lane: what a lane tells of boxes whose bottom centre lies outside it.

use firewarden::{
    domain::{Class, Phase, Record},
    kinds::settings::{FireLaneParking, Settings},
};

use crate::{
    ground::{Camera, Footprint, Lane},
    scene::chance,
    stage::{Stage, fire_lane, look, polygon, rule},
};

type Edges = [f32; 4];

const DWELL: f64 = 4.0;
/// Seconds between looks.
const EVERY: f64 = 0.5;

fn stage(zone: &[[f32; 2]]) -> Stage {
    let keys = FireLaneParking { zone: polygon(zone), ..fire_lane(DWELL) };
    Stage::new(rule(Settings::FireLaneParking(keys)))
}

/// What a lane tells of a vehicle that has these boxes, look after look.
fn told(zone: &[[f32; 2]], boxes: impl IntoIterator<Item = Option<Edges>>) -> Stage {
    let mut stage = stage(zone);
    for (n, bbox) in boxes.into_iter().enumerate() {
        let things: Vec<_> = bbox.into_iter().map(|bbox| (Class::Truck, bbox)).collect();
        stage.take(&Record::Observation(look(n as f64 * EVERY, &things)));
    }
    stage
}

fn stands(zone: &[[f32; 2]], bbox: Edges) -> bool {
    told(zone, vec![Some(bbox); 12]).phases() == [Phase::Raised]
}

fn anchor_in(zone: &[[f32; 2]], [left, _, right, bottom]: Edges) -> bool {
    polygon(zone).contains(firewarden::geometry::Point::new((left + right) / 2.0, bottom))
}

/// The same, seen in a mirror.
fn mirrored(zone: &[[f32; 2]], [left, top, right, bottom]: Edges) -> (Vec<[f32; 2]>, Edges) {
    (zone.iter().map(|[x, y]| [1.0 - x, *y]).collect(), [1.0 - right, top, 1.0 - left, bottom])
}

/// The same, farther away: a part of the picture as large as `by`, at (0.3, 0.2).
fn farther(zone: &[[f32; 2]], bbox: Edges, by: f32) -> (Vec<[f32; 2]>, Edges) {
    let (x, y) = (|v: f32| 0.3 + by * v, |v: f32| 0.2 + by * v);
    let [left, top, right, bottom] = bbox;
    (zone.iter().map(|p| [x(p[0]), y(p[1])]).collect(), [x(left), y(top), x(right), y(bottom)])
}

/// A carriageway whose near kerb rises to the right. The pavement lies below it.
const CARRIAGEWAY: [[f32; 2]; 4] = [[0.05, 0.875], [0.05, 0.30], [0.95, 0.05], [0.95, 0.415]];
/// Stands in it, but the middle of its bottom edge lies on the pavement.
const MINIBUS: Edges = [0.47, 0.13, 0.84, 0.60];

#[test]
fn a_vehicle_at_an_angle_is_raised_though_its_bottom_centre_lies_on_the_pavement() {
    let cases: [(&str, &[[f32; 2]], Edges); 6] = [
        ("minibus", &CARRIAGEWAY, MINIBUS),
        ("car", &CARRIAGEWAY, [0.28, 0.50, 0.54, 0.705]),
        ("lorry", &CARRIAGEWAY, [0.18, 0.05, 0.72, 0.70]),
        ("tall", &CARRIAGEWAY, [0.40, 0.10, 0.62, 0.66]),
        // Its far end is out of the picture, and so is the lane's.
        ("cut", &[[0.5, 0.95], [0.5, 0.5], [1.0, 0.3], [1.0, 0.66]], [0.75, 0.40, 1.01, 0.76]),
        // No wider than the vehicle is deep.
        ("narrow", &[[0.2, 0.72], [0.2, 0.52], [0.9, 0.27], [0.9, 0.47]], [0.36, 0.30, 0.64, 0.63]),
    ];
    let mut small = 0;
    for (name, zone, bbox) in cases {
        assert!(!anchor_in(zone, bbox), "{name}: told by its bottom centre alone");
        assert!(stands(zone, bbox), "{name}");
        let (other, turned) = mirrored(zone, bbox);
        assert!(stands(&other, turned), "{name}, mirrored");
        if zone.iter().all(|[x, _]| *x < 1.0) {
            let (zone, bbox) = farther(zone, bbox, 0.15);
            assert!(stands(&zone, bbox), "{name}, far away");
            small += 1;
        }
    }
    assert_eq!(small, 5);
}

#[test]
fn what_stands_beside_the_lane_is_none_whatever_of_its_box_lies_over_it() {
    let level: &[[f32; 2]] = &[[0.0, 0.3], [1.0, 0.3], [1.0, 0.6], [0.0, 0.6]];
    let upright: &[[f32; 2]] = &[[0.4, 0.1], [0.6, 0.1], [0.6, 1.0], [0.4, 1.0]];
    let bay: &[[f32; 2]] =
        &[[0.1, 0.9], [0.1, 0.2], [0.9, 0.2], [0.9, 0.9], [0.58, 0.9], [0.58, 0.4], [0.42, 0.4], [0.42, 0.9]];
    let band: &[[f32; 2]] = &[[0.0, 0.47], [1.0, 0.47], [1.0, 0.53], [0.0, 0.53]];
    let mut cases: Vec<(String, &[[f32; 2]], Edges)> = vec![
        ("in a bay between two arms of the lane".into(), bay, [0.32, 0.45, 0.68, 0.80]),
        ("before a far lane that it covers".into(), band, [0.3, 0.30, 0.7, 0.56]),
        ("behind the lane".into(), level, [0.3, 0.02, 0.5, 0.29]),
        ("nearer, along an oblique kerb".into(), &CARRIAGEWAY, [0.50, 0.25, 0.86, 0.72]),
        ("cut by the picture's bottom".into(), level, [0.3, 0.35, 0.7, 1.01]),
    ];
    for height in [0.06, 0.15, 0.3, 0.55] {
        // A row at the near kerb, side on: the wheels on its far side are that share of a box's height above its bottom.
        for depth in [0.12, 0.2, 0.4] {
            let bottom = 0.6 + depth * height;
            let size = format!("{height} high at the near kerb, {depth}");
            cases.push((size.clone(), level, [0.3, bottom - height, 0.3 + height, bottom]));
            cases.push((size, level, [0.0, bottom - height, 0.6, bottom]));
        }
        // A row to the left and right, whose boxes lean over the edge.
        for leaning in [0.1, 0.3, 0.45] {
            let width = 0.4 * height;
            let (left, right) = (0.4 - (1.0 - leaning) * width, 0.6 + (1.0 - leaning) * width);
            let size = format!("{height} high beside, leaning {leaning}");
            cases.push((size.clone(), upright, [left, 0.9 - height, left + width, 0.9]));
            cases.push((size, upright, [right - width, 0.9 - height, right, 0.9]));
        }
    }
    for (name, zone, bbox) in cases {
        assert!(!anchor_in(zone, bbox), "{name}");
        let other = mirrored(zone, bbox);
        for (zone, bbox) in [(zone.to_vec(), bbox), other, farther(zone, bbox, 0.4)] {
            assert_eq!(told(&zone, vec![Some(bbox); 40]).phases(), [], "{name}: {bbox:?}");
        }
    }
}

#[test]
fn it_ends_at_the_first_look_without_it_and_is_told_once() {
    let boxes = (0..60).map(|n| (n < 24).then_some(MINIBUS));
    let stage = told(&CARRIAGEWAY, boxes);
    assert_eq!(stage.times(), [(0.0, DWELL, Some(12.0))]);
    assert_eq!(stage.phases(), [Phase::Raised, Phase::Ended]);
}

#[test]
fn a_box_that_dances_about_the_measure_is_told_once_at_most_and_never_over() {
    let mut raised = 0;
    for seed in 0..60u64 {
        // About half of the strip over the carriageway, or a little more or less.
        let off = 0.001 * seed as f32;
        let boxes = (0..240).map(|n| {
            let dance = |salt: u64| 0.02 * (chance(salt + 10 * seed, f64::from(n)) as f32 - 0.5);
            let [left, top, right, bottom] = MINIBUS;
            let down = 0.02 + off;
            Some([left + dance(1), top + down + dance(2), right + dance(3), bottom + down + dance(4)])
        });
        let phases = told(&CARRIAGEWAY, boxes).phases();
        assert!(phases.is_empty() || phases == [Phase::Raised], "{seed}: {phases:?}");
        raised += phases.len();
    }
    assert!((10..50).contains(&raised), "{raised} of 60: not about the measure");
}

#[test]
fn it_drives_through_at_an_angle_untold() {
    for speed in [0.05, 0.1, 0.3] {
        let boxes = (0..40).map(|n| {
            let by = speed * n as f32 * EVERY as f32;
            let [left, top, right, bottom] = MINIBUS;
            // Along the kerb, towards the left.
            let (x, y) = (0.2 - by, -0.1 + 0.51 * by);
            (right + x > 0.05).then_some([left + x, top + y, right + x, bottom + y])
        });
        assert_eq!(told(&CARRIAGEWAY, boxes).phases(), [], "{speed} of the picture a second");
    }
}

/// Cameras, lanes and vehicles as they may stand in the world, and what a pinhole camera shows of them: of vehicles
/// wholly within the lane most are told, and of those wholly beside it none that its bottom centre does not tell.
#[test]
fn vehicles_of_the_world_are_told_within_and_not_beside() {
    let mut dice = (0u64..).map(|n| chance(n, 0.5));
    let mut roll = |from: f64, to: f64| from + (to - from) * dice.next().unwrap_or_default();
    let (mut within, mut by_anchor, mut of_all, mut beside, mut wrong) = (0, 0, 0, 0, 0);
    while within < 400 || beside < 400 {
        let low = roll(0.0, 1.0) < 0.3;
        let pitch = if low { roll(5.0, 15.0) } else { roll(8.0, 55.0) };
        let camera = Camera::new(roll(2.5, 8.0), pitch, roll(55.0, 100.0));
        let angle = if low { roll(-0.2, 0.2) } else { roll(0.0, std::f64::consts::PI) };
        let far = camera.middle();
        let lane =
            Lane::new((roll(-0.5, 0.5) * far, roll(0.7, 1.5) * far), angle, roll(4.0, 6.0), roll(8.0, 15.0));
        let Some(zone) = lane.zone(&camera) else { continue };
        let size =
            [(4.5, 1.8, 1.5), (5.3, 2.0, 2.2), (9.0, 2.5, 3.5), (12.0, 2.5, 3.2)][roll(0.0, 3.999) as usize];
        let along = roll(-0.7, 0.7);
        let inside = Footprint::within(&lane, size, along, roll(-0.6, 0.6), roll(-1.0, 1.0));
        if let Some(bbox) = inside.and_then(|footprint| camera.bbox(&footprint, size)) {
            within += 1;
            by_anchor += usize::from(anchor_in(&zone, bbox));
            of_all += usize::from(stands(&zone, bbox));
        }
        let across = roll(0.0, 1.0) < 0.4;
        let side = if roll(0.0, 1.0) < 0.5 { -1.0 } else { 1.0 };
        let outside = Footprint::beside(&lane, size, along, across, side * roll(0.4, 1.2));
        if let Some(bbox) = camera.bbox(&outside, size).filter(|bbox| !anchor_in(&zone, *bbox)) {
            beside += 1;
            wrong += usize::from(stands(&zone, bbox));
        }
    }
    eprintln!("{of_all} of {within} within, {by_anchor} by the bottom centre; {wrong} of {beside} beside");
    assert!(of_all * 100 >= within * 93, "{of_all} of {within}, {by_anchor} by the bottom centre");
    assert!(wrong * 200 <= beside, "{wrong} of {beside}");
}
