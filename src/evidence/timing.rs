//! The times of a clip's packets. Those of showing are known; those of decoding are made here, group by group, so that
//! a clip of any length is never held in memory.
//!
//! A decoder takes a packet in the time slot of the picture that was shown `depth` pictures before it, where `depth` is
//! by how many pictures decoding runs ahead. Counting pictures, not microseconds, holds for variable rates and holes.

use std::{cmp::Reverse, collections::BinaryHeap};

/// Decoding never runs further ahead: no codec keeps more pictures back.
const MAX_DEPTH: usize = 16;

/// Steps between pictures where there is nothing to tell it, in microseconds.
const STEP: i64 = 40_000;

/// When a packet is shown and when decoded, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    pub pts: i64,
    pub dts: i64,
}

/// Deals out times for a clip.
pub(super) struct Timing {
    /// Slots that are still to be dealt out, earliest first: always `depth` of them.
    slots: BinaryHeap<Reverse<i64>>,
    decoded: i64,
    shown: i64,
    /// The usual distance of pictures, in microseconds, above 0.
    pub step: i64,
}

impl Timing {
    /// For a clip whose first group is shown at these times, given in the order of decoding, in a stream that says that
    /// decoding runs ahead by `reorder`.
    pub(super) fn new(first: &[i64], reorder: usize) -> Self {
        let depth = depth(first).max(reorder).min(MAX_DEPTH);
        let step = step(first);
        let earliest = first.iter().copied().min().unwrap_or(0);
        let slots = (1..).take(depth).map(|n| Reverse(earliest - n * step)).collect();
        Self { slots, decoded: i64::MIN, shown: i64::MIN, step }
    }

    /// The times of the next group's packets, in the order of decoding. Decoding times rise and are never after those of
    /// showing.
    ///
    /// A group that does not continue a chunk is shown after all that came before: packets that would be shown earlier,
    /// needed for what comes after them alone, are shown for a microsecond each.
    pub(super) fn place(&mut self, times: &[i64], continues: bool) -> Vec<Times> {
        let shown = apart(times, if continues { i64::MIN } else { self.shown });
        // What follows must find room, too.
        let mut limits = shown.clone();
        let mut before = i64::MAX;
        for limit in limits.iter_mut().rev() {
            *limit = before.min(*limit);
            before = limit.saturating_sub(1);
        }
        let mut placed = Vec::with_capacity(shown.len());
        for (pts, limit) in shown.into_iter().zip(limits) {
            self.shown = self.shown.max(pts);
            self.slots.push(Reverse(pts));
            let slot = self.slots.pop().map_or(pts, |Reverse(slot)| slot);
            let dts = slot.min(limit).max(self.decoded.saturating_add(1));
            self.decoded = dts;
            // Only where chunks contradict each other is there no room left.
            placed.push(Times { pts: pts.max(dts), dts });
        }
        placed
    }
}

/// The same times, all different and after `after`, in the same order of showing: moved by as few microseconds as that
/// takes.
fn apart(times: &[i64], after: i64) -> Vec<i64> {
    let mut moved = times.to_vec();
    let mut order: Vec<&mut i64> = moved.iter_mut().collect();
    order.sort_by_key(|time| **time);
    let mut before = after;
    for time in order {
        *time = before.saturating_add(1).max(*time);
        before = *time;
    }
    moved
}

/// By how many pictures the order of decoding runs ahead of the order of showing.
fn depth(times: &[i64]) -> usize {
    let ahead = |(i, &t): (usize, &i64)| {
        times.iter().take(i).rev().take(2 * MAX_DEPTH).filter(|&&before| before > t).count()
    };
    times.iter().enumerate().map(ahead).max().unwrap_or(0)
}

/// The median distance of pictures.
fn step(times: &[i64]) -> i64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let mut steps: Vec<i64> = sorted.array_windows().map(|[a, b]| b - a).filter(|&s| s > 0).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(STEP)
}

/// How many packets of a group, in the order of decoding, it takes to show all pictures up to `to`, and all before the
/// last of them; none where there is none to show.
pub(super) fn needed(times: &[i64], to: i64) -> Option<usize> {
    let last = times.iter().rposition(|&t| t <= to)?;
    // A reference that lies after `to` is shown as well: the pictures before it leave no hole.
    let latest = times.iter().take(last + 1).copied().max()?;
    Some(times.iter().rposition(|&t| t < latest).map_or(last, |i| i.max(last)) + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dts(placed: &[Times]) -> Vec<i64> {
        placed.iter().map(|t| t.dts).collect()
    }

    fn pts(placed: &[Times]) -> Vec<i64> {
        placed.iter().map(|t| t.pts).collect()
    }

    fn sound(placed: &[Times]) {
        assert!(placed.windows(2).all(|w| w[0].dts < w[1].dts), "{placed:?}");
        assert!(placed.iter().all(|t| t.dts <= t.pts), "{placed:?}");
    }

    #[test]
    fn without_reordering_both_times_are_the_same() {
        let mut timing = Timing::new(&[0, 40, 90], 0);
        assert_eq!(dts(&timing.place(&[0, 40, 90], false)), [0, 40, 90]);
        assert_eq!(dts(&timing.place(&[500, 510], false)), [500, 510]);
    }

    #[test]
    fn decoding_runs_ahead_by_as_many_pictures_as_are_reordered() {
        // I P B b b P B b b, as x264 orders three B pictures with a pyramid; then the next group.
        let group = [0, 160, 80, 40, 120, 320, 240, 200, 280];
        let mut timing = Timing::new(&group, 0);
        let mut placed = timing.place(&group, false);
        assert_eq!(pts(&placed), group);
        assert_eq!(dts(&placed), [-80, -40, 0, 40, 80, 120, 160, 200, 240]);
        let next: Vec<i64> = group.iter().map(|t| t + 360).collect();
        placed.extend(timing.place(&next, false));
        sound(&placed);
        assert_eq!(placed[9..11], [Times { pts: 360, dts: 280 }, Times { pts: 520, dts: 320 }]);
    }

    #[test]
    fn leading_pictures_of_the_next_group_follow_the_last_of_this() {
        let mut timing = Timing::new(&[0, 120, 40, 80], 1);
        let mut placed = timing.place(&[0, 120, 40, 80], false);
        placed.extend(timing.place(&[240, 160, 200, 360, 280, 320], false));
        sound(&placed);
        assert_eq!(pts(&placed), [0, 120, 40, 80, 240, 160, 200, 360, 280, 320]);
        assert_eq!(dts(&placed), [-40, 0, 40, 80, 120, 160, 200, 240, 280, 320]);
    }

    #[test]
    fn a_later_group_may_reorder_more_than_the_first() {
        let mut timing = Timing::new(&[0, 40, 80], 0);
        let mut placed = timing.place(&[0, 40, 80], false);
        placed.extend(timing.place(&[120, 280, 200, 160, 240], false));
        sound(&placed);
        assert_eq!(pts(&placed)[3..], [120, 280, 200, 160, 240]);
    }

    #[test]
    fn chunks_are_cut_anywhere() {
        let group = [0, 120, 40, 80, 240, 160, 200];
        for cut in 1..group.len() {
            let mut timing = Timing::new(&group[..cut], 1);
            let mut placed = timing.place(&group[..cut], false);
            placed.extend(timing.place(&group[cut..], true));
            sound(&placed);
            assert_eq!(pts(&placed), group, "cut at {cut}");
        }
    }

    #[test]
    fn what_was_shown_before_passes_in_microseconds() {
        let mut timing = Timing::new(&[0, 1000], 0);
        timing.place(&[0, 1000], false);
        let placed = timing.place(&[500, 700, 900, 1100, 1300], false);
        assert_eq!(pts(&placed), [1001, 1002, 1003, 1100, 1300]);
        sound(&placed);
    }

    #[test]
    fn duplicates_move_apart() {
        let mut timing = Timing::new(&[0, 40, 40, 80], 0);
        let placed = timing.place(&[0, 40, 40, 80], false);
        assert_eq!(pts(&placed), [0, 40, 41, 80]);
        sound(&placed);
    }

    #[test]
    fn a_hole_stays_as_long_as_it_is() {
        let group = [0, 120, 40, 80];
        let mut timing = Timing::new(&group, 1);
        let mut placed = timing.place(&group, false);
        let after: Vec<i64> = group.iter().map(|t| t + 60_000).collect();
        placed.extend(timing.place(&after, false));
        sound(&placed);
        assert_eq!(pts(&placed)[4..], after[..]);
    }

    #[test]
    fn a_clip_ends_with_what_the_last_picture_needs() {
        let group = [0, 160, 80, 40, 120, 320, 240, 200, 280];
        assert_eq!(needed(&group, -1), None);
        assert_eq!(needed(&group, 0), Some(1));
        assert_eq!(needed(&group, 40), Some(5));
        assert_eq!(needed(&group, 160), Some(5));
        assert_eq!(needed(&group, 170), Some(5));
        assert_eq!(needed(&group, 200), Some(9));
        assert_eq!(needed(&group, 9999), Some(9));
    }

    proptest! {
        #[test]
        fn times_are_sound_whatever_comes(
            groups in prop::collection::vec(
                (prop::collection::vec(-2_000i64..10_000, 1..40), any::<bool>(), 0i64..30_000),
                1..6,
            ),
            reorder in 0usize..4,
        ) {
            let mut timing = Timing::new(&groups[0].0, reorder);
            let mut placed = Vec::new();
            for (times, continues, from) in &groups {
                let times: Vec<i64> = times.iter().map(|t| t + from).collect();
                placed.extend(timing.place(&times, *continues));
            }
            sound(&placed);
        }
    }
}
