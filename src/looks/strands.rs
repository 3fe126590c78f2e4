//! Sets of strands.

use std::collections::BTreeSet;

/// Some of a camera's strands, by their indices. A strand is one detector of a camera and the looks it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strands(BTreeSet<usize>);

impl Strands {
    /// The first `count` strands: all that a camera has.
    pub fn all(count: usize) -> Self {
        (0..count).collect()
    }

    /// Adds a strand.
    pub fn insert(&mut self, strand: usize) {
        self.0.insert(strand);
    }

    /// Takes a strand out.
    pub fn remove(&mut self, strand: usize) {
        self.0.remove(&strand);
    }

    /// Adds those of another set.
    pub fn add(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    /// Whether a strand is among them.
    pub fn contains(&self, strand: usize) -> bool {
        self.0.contains(&strand)
    }

    /// Those that are in both sets.
    pub fn both(&self, others: &Self) -> Self {
        Self(&self.0 & &others.0)
    }

    /// Those that are not in the other set.
    pub fn without(&self, others: &Self) -> Self {
        Self(&self.0 - &others.0)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their indices, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }
}

impl FromIterator<usize> for Strands {
    fn from_iter<I: IntoIterator<Item = usize>>(strands: I) -> Self {
        Self(strands.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_may_have_as_many_strands_as_it_likes() {
        let all = Strands::all(100);
        let one: Strands = [99].into_iter().collect();
        assert!(all.contains(99) && !all.contains(100));
        assert_eq!(all.both(&one), one);
        assert_eq!(all.without(&one), Strands::all(99));
        assert!(one.without(&all).is_empty() && one.iter().eq([99]));
    }
}
