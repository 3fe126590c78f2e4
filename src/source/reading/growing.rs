//! Groups that are told of while they grow.

use std::{collections::VecDeque, sync::Arc};

use super::Reading;
use crate::{
    domain::MediaTime,
    source::{Part, grouping::Group},
};

/// When groups are told of while they grow.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Growth {
    /// Once they are so long, in microseconds.
    pub from: i64,
    /// And whenever they have grown by so much again.
    pub step: i64,
}

impl Growth {
    /// For looks that cannot wait.
    pub const AT_ONCE: Self = Self { from: 0, step: 500_000 };
    /// For long groups, so that they need not be decoded again from their key frames for what rules ask for.
    pub const LONG: Self = Self { from: 3_000_000, step: 2_000_000 };
}

impl Reading {
    /// Tells of groups while they grow.
    pub(in crate::source) fn growing(mut self, growth: Option<Growth>) -> Self {
        self.growth = growth;
        self
    }

    /// Tells of a group that is being read; `now` is the time of the last packet on the file's own clock.
    pub(super) fn grow(&mut self, group: Group, now: i64, out: &mut VecDeque<Part>) {
        let start = match self.grown {
            Some((start, _)) => start,
            None => self.open(&group, out),
        };
        self.grown = Some((start, now));
        let floor = self.place.map_or(MediaTime::ZERO, |p| p.floor);
        let Some(known) = group.known.map(|known| MediaTime::from_micros(known + self.offset)) else {
            return;
        };
        if known <= floor.max(start) {
            return;
        }
        if let Some(gop) = self.gop(group, start.max(floor), known) {
            self.begin(out);
            out.push_back(Part::Growing(Arc::new(gop)));
        }
    }
}
