use std::mem::{Discriminant, discriminant};

use crate::domain::{MediaTime, Noticed};

/// Notices of one kind that are told of one file. Of more only the number is.
const MOST: usize = 5;

/// Keeps the notices of one file within bounds.
#[derive(Debug, Default)]
pub struct Bound {
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    is: Discriminant<Noticed>,
    told: usize,
    /// How many were not told, and the last of these.
    more: usize,
    last: Option<(MediaTime, Noticed)>,
}

impl Bound {
    /// Whether this one is to be told.
    pub fn admits(&mut self, at: MediaTime, what: &Noticed) -> bool {
        let is = discriminant(what);
        let Some(kind) = self.kinds.iter_mut().find(|kind| kind.is == is) else {
            self.kinds.push(Kind { is, told: 1, more: 0, last: None });
            return true;
        };
        if kind.told < MOST {
            kind.told += 1;
            return true;
        }
        kind.more += 1;
        kind.last = Some((at, what.clone()));
        false
    }

    /// What the file's end is to say of those that were not told, kind by kind.
    pub fn more(&mut self) -> Vec<(MediaTime, Noticed)> {
        let more = |kind: Kind| kind.last.map(|(at, what)| (at, Noticed::More(Box::new(what), kind.more)));
        std::mem::take(&mut self.kinds).into_iter().filter_map(more).collect()
    }
}
