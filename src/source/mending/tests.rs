use proptest::prelude::*;

use super::*;
use crate::libav::testing::packet;

/// 25 pictures a second, decoded when they are shown; a key frame every second.
const STEP: i64 = 40_000;
const HOUR: i64 = 3_600 * SECOND;

fn even(n: i64) -> Vec<i64> {
    (0..n).map(|i| 7 * SECOND + i * STEP).collect()
}

/// The times of decoding that come out, and the jumps.
fn mended(times: &[i64]) -> (Vec<i64>, Vec<Jump>) {
    let packets = times.iter().enumerate().map(|(i, &t)| packet(Some(t), Some(t), STEP, i % 25 == 0));
    told(packets, STEP)
}

fn told(packets: impl Iterator<Item = Packet>, usual: i64) -> (Vec<i64>, Vec<Jump>) {
    let mut mending = Mending::new(Times::Given, usual, None, 0);
    let mut out = Vec::new();
    packets.for_each(|p| mending.push(p, &mut out));
    mending.finish(&mut out);
    let times = out.iter().map(|(p, _)| p.dts.or(p.pts).expect("a time")).collect();
    assert!(out.iter().all(|(p, _)| p.pts.zip(p.dts).is_none_or(|(pts, dts)| pts == dts)));
    (times, out.into_iter().filter_map(|(_, jump)| jump).collect())
}

#[test]
fn damaged_packets_in_a_row_move_nothing() {
    let right = even(200);
    for run in [1, 2, 3, 5, 8] {
        for at in [1, 20, 24, 25, 100, 200 - run] {
            for by in [HOUR, 30 * DAY, -HOUR, 5 * SECOND, -5 * SECOND, SECOND, -SECOND, 11 * SECOND] {
                let mut times = right.clone();
                times[at..at + run].iter_mut().for_each(|t| *t += by);
                let small_end = at + run == 200 && (0..=HOLE).contains(&by);
                if !small_end {
                    assert_eq!(mended(&times), (right.clone(), vec![]), "{run} at {at} by {by}");
                }
                // Each by another time, but not so that it is a camera that has lowered its rate.
                if (run > 2 || at + run == 200) && (HOLE..=LONGEST).contains(&by) {
                    continue;
                }
                let mut times = right.clone();
                times[at..at + run].iter_mut().enumerate().for_each(|(i, t)| *t += by * (i as i64 + 1));
                if !small_end {
                    assert_eq!(
                        mended(&times),
                        (right.clone(), vec![]),
                        "{run} at {at} by {by} more and more"
                    );
                }
            }
        }
    }
}

#[test]
fn one_of_two_times_that_is_damaged_is_put_right_by_the_other() {
    let right = even(100);
    for run in [1, 2, 5] {
        for at in [1, 25, 60, 100 - run] {
            for (by, shown) in
                [(HOUR, true), (-HOUR, true), (HOUR, false), (-HOUR, false), (4 * SECOND, false)]
            {
                let packets = right.iter().enumerate().map(|(i, &t)| {
                    let off = if (at..at + run).contains(&i) { t + by } else { t };
                    let (pts, dts) = if shown { (off, t) } else { (t, off) };
                    packet(Some(pts), Some(dts), STEP, i % 25 == 0)
                });
                assert_eq!(told(packets, STEP), (right.clone(), vec![]), "{run} at {at} by {by} {shown}");
            }
        }
    }
}

#[test]
fn a_file_that_begins_with_damaged_packets_goes_on_without_a_gap() {
    for run in [1, 2, 5] {
        for by in [HOUR, -HOUR, 30 * DAY] {
            let mut times = even(100);
            times[..run].iter_mut().for_each(|t| *t += by);
            let (_, jumps) = mended(&times);
            assert_eq!(jumps, [Jump::Again], "{run} by {by}");
        }
    }
}

#[test]
fn holes_stay_where_they_are() {
    for hole in [3 * SECOND, 10 * SECOND, 60 * SECOND, HOUR, 10 * HOUR] {
        for at in [10, 25, 100, 150] {
            let mut times = even(200);
            times[at..].iter_mut().for_each(|t| *t += hole);
            assert_eq!(mended(&times), (times.clone(), vec![Jump::Hole]), "{hole} at {at}");
            // The container gives the picture before it all of the hole.
            let stated = times.iter().zip(times.iter().skip(1).chain([&i64::MAX])).enumerate();
            let stated = stated.map(|(i, (&t, &next))| {
                let lasts = if next == i64::MAX { STEP } else { next - t };
                packet(Some(t), Some(t), lasts, i % 25 == 0)
            });
            assert_eq!(told(stated, STEP), (times.clone(), vec![Jump::Hole]), "{hole} at {at}");
        }
    }
    // Two of them, 2 s apart; and damage on both sides of one.
    let mut times = even(200);
    times[50..].iter_mut().for_each(|t| *t += HOUR);
    times[100..].iter_mut().for_each(|t| *t += HOUR);
    assert_eq!(mended(&times), (times.clone(), vec![Jump::Hole; 2]));
    let mut damaged = times.clone();
    for (at, by) in [(48, 5 * HOUR), (53, -2 * HOUR), (99, HOUR), (103, SECOND)] {
        damaged[at] += by;
    }
    assert_eq!(mended(&damaged).1, vec![Jump::Hole; 2]);
}

#[test]
fn a_camera_that_lowers_its_rate_leaves_no_hole_whatever_the_container_says() {
    let spans = [[5; 6].as_slice(), &[0; 50], &[5, 5], &[0; 50], &[5], &[0; 30], &[4, 3, 5, 5, 5]].concat();
    let times: Vec<i64> = spans
        .iter()
        .scan(0, |t, s| {
            let now = *t;
            *t += if *s == 0 { STEP } else { s * SECOND };
            Some(now)
        })
        .collect();
    let lasts = |i: usize| times.get(i + 1).map_or(STEP, |next| next - times[i]);
    for stated in [true, false] {
        for usual in [STEP, 300_000, 2_000_000] {
            let packets = times
                .iter()
                .enumerate()
                .map(|(i, &t)| packet(Some(t), Some(t), if stated { lasts(i) } else { 0 }, i % 10 == 0));
            assert_eq!(told(packets, usual), (times.clone(), vec![]), "{stated} {usual}");
        }
    }
}

#[test]
fn pictures_that_come_seldom_and_evenly_keep_their_times() {
    for (apart, n) in [
        (SECOND, 30),
        (2 * SECOND, 30),
        (10 * SECOND, 30),
        (60 * SECOND, 30),
        (60 * SECOND, 6),
        (10 * SECOND, 5),
    ] {
        let times: Vec<i64> = (0..n).map(|i| i * apart).collect();
        for usual in [STEP, apart] {
            let packets = times.iter().map(|&t| packet(Some(t), Some(t), 0, true));
            let (found, jumps) = told(packets, usual);
            assert_eq!(found, times, "{apart} {usual}");
            assert!(jumps.is_empty() || apart > LONGEST && usual == STEP, "{apart} {usual}: {jumps:?}");
        }
    }
}

#[test]
fn times_that_go_back_all_the_time_are_counted_in_the_end() {
    let times: Vec<i64> = (0..2_000).map(|i| 10 * HOUR - i * SECOND).collect();
    let (found, jumps) = mended(&times);
    assert!(jumps.len() <= 2 * BACK, "{}", jumps.len());
    assert_eq!(found[1_999] - found[100], 1_899 * STEP);
}

proptest! {
    #[test]
    fn whatever_comes_goes_out_once_and_in_order(
        times in prop::collection::vec((any::<Option<i32>>(), any::<Option<i32>>(), 0_i64..20_000_000, any::<bool>()), 0..120),
        reorder in 0_usize..3,
    ) {
        let mut mending = Mending::new(Times::Given, STEP, None, reorder);
        let mut out = Vec::new();
        let wide = |t: Option<i32>| t.map(|t| i64::from(t) * 500);
        for (i, (pts, dts, lasts, key)) in times.iter().enumerate() {
            let mut packet = packet(wide(*pts), wide(*dts), *lasts, *key);
            packet.pos = Some(i as u64);
            mending.push(packet, &mut out);
        }
        mending.finish(&mut out);
        let order: Vec<u64> = out.iter().filter_map(|(p, _)| p.pos).collect();
        prop_assert_eq!(order, (0..times.len() as u64).collect::<Vec<_>>());
        prop_assert!(out.iter().all(|(p, _)| p.dts.or(p.pts).is_some()));
    }
}
