//! How large what lies in a zone is shown to a detector, by what was seen there: far cars are found by a network that is shown them
//! larger, and near ones are as well found small, for less.
//!
//! Media time is cut into blocks. What groups of one block showed counts from the block after the next on: so a group can be planned
//! while those before it are still with workers, and what it is shown is a function of the recording alone.

use std::{collections::VecDeque, time::Duration};

use crate::domain::MediaTime;

/// How long a block lasts: more than groups on their way to workers do together, mostly.
const BLOCK: Duration = Duration::from_secs(30);
/// From a block on, what it showed counts for the block so many later.
const LATER: u64 = 2;
/// By so many things that were seen last the usual size is known, and by no fewer than these.
const LAST: usize = 15;
const FEWEST: usize = 3;
/// What was seen so many blocks ago, half an hour, says no more of what is there.
const LASTS: u64 = 60;

/// The block that a time lies in.
pub fn block(at: MediaTime) -> u64 {
    u64::try_from(at.as_micros()).unwrap_or(0) / u64::try_from(BLOCK.as_micros()).unwrap_or(u64::MAX)
}

/// Whether a group of `block` can be planned while one of `other`, before it, has not been walked through.
pub fn may_overtake(block: u64, other: u64) -> bool {
    other.saturating_add(LATER) > block
}

/// The heights of what was seen in a zone, in rows of a network's input in the usual scale, with the blocks of their groups.
#[derive(Debug, Clone, Default)]
pub struct Sizes(VecDeque<(u64, f32)>);

impl Sizes {
    /// Takes in what a group of `block` showed. Groups are told of in their order.
    pub fn note(&mut self, block: u64, rows: f32) {
        // The first of a block are enough. So none pushes out what still counts for a group that is planned late.
        if !rows.is_finite() || self.0.iter().filter(|(of, _)| *of == block).count() >= LAST {
            return;
        }
        self.0.push_back((block, rows));
        while self.0.get(LAST).is_some_and(|(of, _)| of.saturating_add(LATER) <= block) {
            self.0.pop_front();
        }
    }

    /// The height of what was seen there last, whichever groups it counts for; none where that was not often enough to say so.
    pub fn lately(&self) -> Option<f32> {
        let mut last: Vec<f32> = self.0.iter().rev().map(|(_, rows)| *rows).take(LAST).collect();
        last.sort_by(f32::total_cmp);
        if last.len() < LAST { None } else { last.get(LAST / 2).copied() }
    }

    /// The height that is usual there, as far as it is known for a group of `block`.
    pub fn usual(&self, block: u64) -> Option<f32> {
        let counts = |of: u64| of.saturating_add(LATER) <= block && block <= of.saturating_add(LASTS);
        let mut last: Vec<f32> =
            self.0.iter().rev().filter(|(of, _)| counts(*of)).map(|(_, rows)| *rows).take(LAST).collect();
        last.sort_by(f32::total_cmp);
        if last.len() < FEWEST { None } else { last.get(last.len() / 2).copied() }
    }
}

/// The first of `scales`, which grow, by which `rows` become `wanted`; the last where none is enough.
pub fn enough(scales: &[f32], rows: f32, wanted: f32) -> f32 {
    let found = scales.iter().find(|scale| rows * **scale >= wanted);
    found.or(scales.last()).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_seen_counts_from_the_block_after_the_next_on_and_not_for_ever() {
        let mut sizes = Sizes::default();
        for rows in [20.0, 90.0, 30.0] {
            assert_eq!(sizes.usual(100), None);
            sizes.note(7, rows);
        }
        let known: Vec<u64> = (0..100).filter(|block| sizes.usual(*block) == Some(30.0)).collect();
        assert_eq!(known, (9..=67).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_that_were_seen_count() {
        let mut sizes = Sizes::default();
        (0..20)
            .for_each(|block| (0..40).for_each(|_| sizes.note(block, if block < 10 { 90.0 } else { 20.0 })));
        assert_eq!(sizes.usual(21), Some(20.0));
        assert!(sizes.0.len() <= 4 * LAST);
    }

    #[test]
    fn what_was_seen_fifteen_times_is_known_at_once() {
        let mut sizes = Sizes::default();
        for seen in 0..14u8 {
            sizes.note(u64::from(seen / 5), if seen % 2 == 0 { 20.0 } else { 40.0 });
            assert_eq!(sizes.lately(), None);
        }
        sizes.note(3, 40.0);
        assert_eq!(sizes.lately(), Some(40.0));
    }

    #[test]
    fn the_least_scale_that_is_enough_is_taken() {
        let scales = [1.0, 1.5, 2.0];
        let taken = |rows| enough(&scales, rows, 60.0);
        assert_eq!([90.0, 60.0, 59.0, 40.0, 39.0, 5.0].map(taken), [1.0, 1.0, 1.5, 1.5, 2.0, 2.0]);
        assert_eq!(enough(&[], 5.0, 60.0), 1.0);
    }

    proptest! {
        /// A group may be planned when none but those of the last two blocks are open, or late, when all before it were walked
        /// through: both know the same.
        #[test]
        fn when_a_group_is_planned_changes_nothing(steps in prop::collection::vec((0u64..2, 1u32..90), 1..200)) {
            let (mut sizes, mut block) = (Sizes::default(), 0);
            let mut early = std::collections::BTreeMap::new();
            for (step, rows) in steps {
                for passed in 0..step {
                    let next = block + passed + 1;
                    early.entry(next + LATER - 1).or_insert_with(|| sizes.usual(next + LATER - 1));
                }
                block += step;
                sizes.note(block, rows as f32);
                if let Some(known) = early.get(&block) {
                    prop_assert_eq!(*known, sizes.usual(block));
                }
                if let Some(known) = early.get(&(block + 1)) {
                    prop_assert_eq!(*known, sizes.usual(block + 1));
                }
            }
        }
    }
}
