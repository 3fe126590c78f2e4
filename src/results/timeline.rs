//! A camera's whole period at a glance, in memory that does not grow with it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Gap, MediaTime, Record},
    rules::Presence,
};

/// Beyond so many columns, each two become one.
const MOST_COLUMNS: usize = 2_048;
/// How much time a column holds at first, in microseconds.
const FINEST: i64 = 100_000;
/// Gaps that are kept one by one. Of more, only the time is known.
const MOST_GAPS: usize = 1_000;

/// Looks, gaps and what rules saw, over the media time of one camera, in columns of equal width.
///
/// Columns begin 0.1 s wide; whenever there are more than 2,048, each two become one. So what a column says depends
/// on nothing but the records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// How often two columns have become one.
    halved: u32,
    columns: Vec<Column>,
    /// Gaps in their order, each from where it began to where it ended; 1,000 at most.
    gaps: Vec<Gap>,
    /// How many gaps there were.
    gap_count: u64,
}

/// What is known of one spell of time. Written as `[looks, gap_micros, [cell, …]]`: there are thousands of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u64, Vec<Cell>)", into = "(u32, u64, Vec<Cell>)")]
pub struct Column {
    /// Looks taken in it.
    pub looks: u32,
    /// Time within gaps, in microseconds.
    pub gap_micros: u64,
    /// What each rule saw, in the order of the configuration; shorter where the last ones saw nothing yet.
    pub rules: Vec<Cell>,
}

/// What a rule saw in one spell of time. Written as `[known, unknown, fewest, most]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u32; 4]", into = "[u32; 4]")]
pub struct Cell {
    /// Looks that told something.
    pub known: u32,
    /// Looks that could not tell.
    pub unknown: u32,
    /// The fewest and the most that were seen at one look; of no meaning where none told anything.
    pub fewest: u32,
    /// The most.
    pub most: u32,
}

impl From<[u32; 4]> for Cell {
    fn from([known, unknown, fewest, most]: [u32; 4]) -> Self {
        Self { known, unknown, fewest, most }
    }
}

impl From<Cell> for [u32; 4] {
    fn from(Cell { known, unknown, fewest, most }: Cell) -> Self {
        [known, unknown, fewest, most]
    }
}

impl From<(u32, u64, Vec<Cell>)> for Column {
    fn from((looks, gap_micros, rules): (u32, u64, Vec<Cell>)) -> Self {
        Self { looks, gap_micros, rules }
    }
}

impl From<Column> for (u32, u64, Vec<Cell>) {
    fn from(Column { looks, gap_micros, rules }: Column) -> Self {
        (looks, gap_micros, rules)
    }
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.unknown = self.unknown.saturating_add(other.unknown);
        if other.known == 0 {
            return;
        }
        (self.fewest, self.most) = if self.known == 0 {
            (other.fewest, other.most)
        } else {
            (self.fewest.min(other.fewest), self.most.max(other.most))
        };
        self.known = self.known.saturating_add(other.known);
    }
}

impl Column {
    fn add(&mut self, other: &Self) {
        self.looks = self.looks.saturating_add(other.looks);
        self.gap_micros = self.gap_micros.saturating_add(other.gap_micros);
        for (index, cell) in other.rules.iter().enumerate() {
            self.cell(index).add(cell);
        }
    }

    fn cell(&mut self, rule: usize) -> &mut Cell {
        slot(&mut self.rules, rule)
    }
}

impl Timeline {
    /// Notes a record, and what rules saw at it, by the index of the rule.
    pub fn take(&mut self, record: &Record, presence: &[(usize, Presence)]) {
        match record {
            Record::Epoch(_) => {}
            Record::Gap(gap) => self.gap(gap),
            Record::Observation(observation) => {
                let column = self.column(observation.at);
                column.looks = column.looks.saturating_add(1);
                for (rule, presence) in presence {
                    column.cell(*rule).add(&match presence {
                        Presence::Seen(n) => Cell { known: 1, unknown: 0, fewest: *n, most: *n },
                        Presence::Unknown => Cell { unknown: 1, ..Cell::default() },
                    });
                }
            }
        }
    }

    /// How much time a column holds.
    pub fn width(&self) -> Duration {
        Duration::from_micros(self.width_micros().unsigned_abs())
    }

    /// The columns, from media time 0 on.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The gaps in their order, 1,000 at most, each with its end.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// How many gaps there were, those that are not kept counted too.
    pub fn gap_count(&self) -> u64 {
        self.gap_count
    }

    /// How much time lies within gaps.
    pub fn gap_time(&self) -> Duration {
        Duration::from_micros(
            self.columns.iter().fold(0, |sum: u64, column| sum.saturating_add(column.gap_micros)),
        )
    }

    /// At most `most` columns of equal width, each with the media time at which it begins.
    pub fn at_most(&self, most: usize) -> (Vec<Column>, Duration) {
        let per = self.columns.len().div_ceil(most.max(1)).max(1);
        let merged = self.columns.chunks(per).map(|chunk| {
            let mut sum = Column::default();
            chunk.iter().for_each(|column| sum.add(column));
            sum
        });
        (merged.collect(), self.width().saturating_mul(u32::try_from(per).unwrap_or(u32::MAX)))
    }

    fn width_micros(&self) -> i64 {
        FINEST << self.halved.min(40)
    }

    /// The column of a time, which is made if need be.
    fn column(&mut self, at: MediaTime) -> &mut Column {
        let at = at.as_micros().max(0);
        let place = |width: i64| usize::try_from(at / width).unwrap_or(usize::MAX);
        while place(self.width_micros()) >= MOST_COLUMNS && self.halved < 40 {
            self.halve();
        }
        let index = place(self.width_micros()).min(MOST_COLUMNS - 1);
        slot(&mut self.columns, index)
    }

    fn halve(&mut self) {
        self.halved += 1;
        self.columns = self.at_most(self.columns.len().div_ceil(2)).0;
    }

    /// A gap is told when it begins and again when it ends; what counts is the second.
    fn gap(&mut self, gap: &Gap) {
        let Some(to) = gap.to.filter(|to| *to > gap.from) else { return };
        self.gap_count += 1;
        if self.gaps.len() < MOST_GAPS {
            self.gaps.push(gap.clone());
        }
        // Makes the columns up to its end, before their width is asked for.
        self.column(MediaTime::from_micros(to.as_micros() - 1));
        let width = self.width_micros();
        let (from, to) = (gap.from.as_micros().max(0), to.as_micros());
        let mut at = from;
        while at < to {
            let end = (at / width + 1).saturating_mul(width).min(to);
            let column = self.column(MediaTime::from_micros(at));
            column.gap_micros = column.gap_micros.saturating_add((end - at).unsigned_abs());
            at = end;
        }
    }
}

/// What a list has at an index; the list is made long enough if need be.
fn slot<T: Clone + Default>(list: &mut Vec<T>, index: usize) -> &mut T {
    if list.len() <= index {
        list.resize(index + 1, T::default());
    }
    #[allow(clippy::indexing_slicing, reason = "the list is longer than that by now")]
    let slot = &mut list[index];
    slot
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraId, GapReason, Observation, testing::scene};

    fn look(at: f64) -> Record {
        Record::Observation(Observation {
            camera: CameraId::new("c").expect("an id"),
            epoch: 0,
            at: MediaTime::from_secs_f64(at),
            wall: jiff::Timestamp::UNIX_EPOCH,
            looked: Vec::new(),
            detections: Vec::new(),
            faint: Vec::new(),
            scene: scene(),
            changes: Vec::new(),
        })
    }

    fn gap(from: f64, to: f64) -> Record {
        let (from, to) = (MediaTime::from_secs_f64(from), Some(MediaTime::from_secs_f64(to)));
        let camera = CameraId::new("c").expect("an id");
        Record::Gap(Gap { camera, epoch: 0, from, to, reason: GapReason::Offline })
    }

    #[test]
    fn counts_looks_and_keeps_the_fewest_and_the_most() {
        let mut timeline = Timeline::default();
        for (at, seen) in [(0.0, 2), (0.05, 1), (0.09, 3), (0.1, 5)] {
            timeline.take(&look(at), &[(1, Presence::Seen(seen))]);
        }
        timeline.take(&look(0.11), &[(1, Presence::Unknown)]);
        let [first, second] = timeline.columns() else { panic!("two columns") };
        assert_eq!((first.looks, second.looks), (3, 2));
        assert_eq!(first.rules[1], Cell { known: 3, unknown: 0, fewest: 1, most: 3 });
        assert_eq!(second.rules[1], Cell { known: 1, unknown: 1, fewest: 5, most: 5 });
    }

    #[test]
    fn a_day_takes_no_more_columns_than_an_hour() {
        let mut timeline = Timeline::default();
        for second in 0..86_400 {
            timeline.take(&look(f64::from(second)), &[(0, Presence::Seen(u32::from(second == 50_000)))]);
        }
        assert!(timeline.columns().len() <= MOST_COLUMNS);
        assert_eq!(timeline.columns().iter().map(|c| c.looks).sum::<u32>(), 86_400);
        assert_eq!(timeline.columns().iter().filter(|c| c.rules[0].most == 1).count(), 1);
        let (few, width) = timeline.at_most(100);
        assert!(few.len() <= 100);
        assert!(width * 100 >= Duration::from_secs(86_400));
    }

    #[test]
    fn gap_time_is_kept_however_columns_are_cut() {
        let mut timeline = Timeline::default();
        timeline.take(&gap(0.05, 0.25), &[]);
        assert_eq!(timeline.columns()[0].gap_micros, 50_000);
        timeline.take(&gap(10.0, 7_210.0), &[]);
        assert_eq!(timeline.gap_time(), Duration::from_micros(7_200_200_000));
        assert_eq!(timeline.gap_count(), 2);
    }
}
