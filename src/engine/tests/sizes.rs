//! How large a lane is shown: the same for every order of answers, and as large as what stands there needs.

use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::{
    orders,
    script::{Group, Script, camera_by_parts, drive},
};

const LANE: &str = "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0.65,0.1],[0.9,0.1],[0.9,0.35],[0.65,0.35]]\n\
                    dwell = \"1h\"\nevery = \"2s\"\n";

/// Ten minutes, a picture a second, a key frame each two; of a car so high, which is found where no more than so much of the
/// picture is shown as large as that.
fn ten_minutes(height: f32, sees: f32) -> Script {
    let group = Group { pictures: 2, continued: false, hole: 0, begins: false };
    Script {
        groups: vec![group; 300],
        step: 1_000_000,
        damaged: [].into(),
        failing: [].into(),
        car: 100,
        ebike: u32::MAX,
        grows: false,
        broken: None,
        sized: Some((height, sees)),
    }
}

/// When the car was found, in seconds, and as large as if which share of the picture had been shown.
fn found(told: &[String]) -> Vec<(f64, f64)> {
    let looks = told.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let seen =
        |look: &Value| Some((look.get("at")?.as_f64()?, look["detections"][0].get("confidence")?.as_f64()?));
    let share = |(at, confidence): (f64, f64)| (at, ((1.0 - confidence) * 1000.0).round() / 100.0);
    looks.filter_map(|look| seen(&look)).map(share).collect()
}

fn straight(script: &Script) -> Vec<(f64, f64)> {
    found(&drive(camera_by_parts(2, LANE), script.parts(), script, |_| 0))
}

#[test]
fn a_car_too_small_for_the_usual_scale_is_found_by_the_looks_that_are_closest_and_then_by_all() {
    // 256 rows × 0.1 are 26 in the usual scale, 38 and 51 in the larger ones.
    let found = straight(&ten_minutes(0.1, 0.55));
    assert!(found.iter().all(|(_, share)| *share == 0.5), "never more than fills the input: {found:?}");
    let (first, all): (Vec<f64>, Vec<f64>) = found.iter().map(|(at, _)| *at).partition(|at| *at < 240.0);
    // The first looks of the blocks from 120 s on: the third is at 180 s, in the seventh block, and counts for the ninth.
    assert_eq!(first.iter().filter(|at| **at % 30.0 == 0.0).count(), 4, "{first:?}");
    assert!(first.len() <= 4 * 3, "what stands unchanged stands a little: {first:?}");
    assert!(all.windows(2).all(|pair| pair[1] - pair[0] < 2.5) && all.len() > 170, "{all:?}");
}

#[test]
fn a_car_is_shown_as_large_as_it_needs_and_no_larger() {
    // 60 rows are wanted: 64, 46 × 1.5, and 36 × 2.
    for (height, share) in [(0.25, 1.0), (0.18, 0.67), (0.14, 0.5)] {
        let found = straight(&ten_minutes(height, 1.0));
        assert!(found.iter().filter(|(at, _)| *at > 200.0).all(|(_, shown)| *shown == share), "{found:?}");
        assert!(found.len() > 230, "it is found throughout");
        if share == 1.0 {
            let closer = found.iter().filter(|(_, shown)| *shown < 1.0).count();
            assert!(closer <= 2 * 3, "by the first looks of blocks until it is known: {found:?}");
        }
    }
}

#[test]
fn a_recording_of_one_block_is_looked_at_closest_once_and_else_as_usual() {
    let script =
        Script { car: 0, groups: ten_minutes(0.1, 1.0).groups[..14].to_vec(), ..ten_minutes(0.1, 1.0) };
    let found = straight(&script);
    assert_eq!(found.first().map(|(_, share)| *share), Some(0.5));
    assert!(found.iter().filter(|(at, _)| *at > 3.0).all(|(_, share)| *share == 1.0), "{found:?}");
}

/// What is said of things too small in a lane.
fn said(script: &Script) -> Vec<String> {
    let told = drive(camera_by_parts(2, LANE), script.parts(), script, |_| 0);
    told.into_iter().filter(|line| line.contains("TooSmall")).collect()
}

#[test]
fn what_is_too_small_however_it_is_shown_is_said_once() {
    // 60 rows are wanted and 30 do: 256 rows × 0.04 × 2 are 20, and with 0.06 they are 31.
    let said_of = |height| said(&ten_minutes(height, 1.0));
    let small = said_of(0.04);
    assert_eq!(small.len(), 1, "{small:?}");
    assert!(small[0].contains("rows: 20, wanted: 60"), "{small:?}");
    assert_eq!(said_of(0.06), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_the_same_in_every_order(
        script in orders::script(), height in 0.05f32..0.3, order in vec(any::<u8>(), 1..60), window in 1usize..6, grows: bool,
    ) {
        let script = Script { damaged: [].into(), failing: [].into(), sized: Some((height, 0.7)), ..script };
        let straight = drive(camera_by_parts(1, LANE), script.parts(), &script, |_| 0);
        let script = Script { grows, ..script };
        let mut choices = order.iter().cycle();
        let choose = |most: usize| choices.next().map_or(0, |choice| usize::from(*choice) % most);
        let other = drive(camera_by_parts(window, LANE), script.parts(), &script, choose);
        prop_assert_eq!(straight, other);
    }
}
