//! Where each of a camera's files lies, noted when it is read, so that a second reading may pass over whole files.

use std::sync::{Arc, Mutex, PoisonError};

use super::{placing::Before, planning::Planned};
use crate::domain::MediaTime;

/// What was known at the beginning of each file, of those before it. Copies share what is noted.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Vec<Option<Before>>>>);

impl Trail {
    /// Notes what is known where the next file begins.
    pub(super) fn note(&self, before: Option<Before>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(before);
    }

    /// The files that hold something of these spells, from one media time to another, each with what is known of those before
    /// it. A file lies from the end of the one before to where the one after it begins; one of which nothing was noted stays.
    pub(super) fn needed(&self, files: Vec<Planned>, spells: &[(MediaTime, MediaTime)]) -> Vec<Planned> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = |place: usize| noted.get(place).map(|b| b.map_or(MediaTime::ZERO, |b| b.end));
        let holds = |place: usize| {
            let from = begins(place).unwrap_or(MediaTime::ZERO);
            let to = begins(place + 1);
            spells.iter().any(|spell| spell.1 >= from && to.is_none_or(|to| spell.0 <= to))
        };
        let mut needed = Vec::new();
        for (place, mut file) in files.into_iter().enumerate().filter(|(place, _)| holds(*place)) {
            file.before = noted.get(place).copied();
            needed.push(file);
        }
        needed
    }
}
