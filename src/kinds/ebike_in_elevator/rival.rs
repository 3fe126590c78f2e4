use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{MediaTime, Track},
    track::MOST_TRACKS,
};

/// How much more it says that a thing is called what is not watched for than what is. The network takes one pedal bicycle in
/// some twenty for an e-bike, and none of 175 e-bikes for a bicycle (models/README.md): the logarithms of 20 and 175 stand in
/// this proportion.
const AGAINST: f64 = 1.7;
/// Seconds that can be owed at most, so that nothing is beyond doubt for good.
const MOST: f64 = 3.0;
/// For how long it is remembered of what is not seen.
const REMEMBERED: Duration = Duration::from_secs(3);

/// What things were also called: a bicycle at one look, an e-bike at the next. Whatever was seen of a thing as a bicycle has
/// to be made up for by looks at which it is an e-bike, before these count.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rivals {
    /// Seconds for which a track's thing would have to be seen clearly as what is watched for.
    owed: Vec<(u64, f64)>,
}

impl Rivals {
    /// Whether looks can have told them.
    pub fn are_sound(&self) -> bool {
        self.owed.len() <= MOST_TRACKS && self.owed.iter().all(|(_, owed)| (0.0..=MOST).contains(owed))
    }

    /// Forgets what is seen no more at `now`: a track is kept for longer, and what comes through the door next may be taken
    /// for what has left by it.
    pub fn keep(&mut self, tracks: &[Track], now: MediaTime) {
        let is_there = |track: &Track| now.since(track.last_seen) <= REMEMBERED;
        self.owed.retain(|(id, _)| tracks.iter().any(|track| track.id == *id && is_there(track)));
    }

    /// Whether anything is owed of what is there.
    pub fn any(&self) -> bool {
        self.owed.iter().any(|(_, owed)| *owed > 0.0)
    }

    /// A look that stands for `passed` called the thing of this track what is not watched for, and said so much by it: from 0 to 1.
    pub fn against(&mut self, track: u64, weight: f64, passed: Duration) {
        let more = AGAINST * weight.max(0.0) * passed.as_secs_f64();
        match self.owed.iter_mut().find(|(id, _)| *id == track) {
            Some((_, owed)) => *owed = (*owed + more).min(MOST),
            None => self.owed.push((track, more.min(MOST))),
        }
    }

    /// What is left of the `weight` of a look, which stands for `passed`, once what is owed is paid of it.
    pub fn left(&mut self, track: u64, weight: f64, passed: Duration) -> f64 {
        let Some((_, owed)) = self.owed.iter_mut().find(|(id, _)| *id == track) else { return weight };
        if weight <= 0.0 || *owed <= 0.0 {
            return weight;
        }
        let told = weight * passed.as_secs_f64();
        let paid = told.min(*owed);
        *owed -= paid;
        // A look that stands for no time yet pays nothing and counts for nothing.
        if told > 0.0 { weight * (1.0 - paid / told) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Duration = Duration::from_millis(200);

    /// After how many looks, five a second, an e-bike counts that was a bicycle at so many before.
    fn looks_until_it_counts(before: usize) -> usize {
        let mut rivals = Rivals::default();
        for _ in 0..before {
            rivals.against(7, 1.0, LOOK);
        }
        (1..1000).find(|_| rivals.left(7, 1.0, LOOK) > 0.0).expect("nothing is owed for ever")
    }

    #[test]
    fn what_was_a_bicycle_has_to_be_an_ebike_for_longer() {
        assert_eq!(looks_until_it_counts(0), 1);
        assert_eq!(looks_until_it_counts(5), 9, "1.7 s for one second");
        assert!(
            (15..=16).contains(&looks_until_it_counts(500)),
            "three seconds at most, give or take rounding"
        );
    }

    #[test]
    fn another_thing_owes_nothing_and_what_speaks_against_pays_nothing() {
        let mut rivals = Rivals::default();
        rivals.against(1, 1.0, LOOK);
        assert!((rivals.left(2, 0.8, LOOK) - 0.8).abs() < 1e-9);
        assert!((rivals.left(1, -0.3, LOOK) + 0.3).abs() < 1e-9);
        assert!(rivals.left(1, 1.0, LOOK).abs() < 1e-9);
        rivals.keep(&[], MediaTime::ZERO);
        assert!((rivals.left(1, 1.0, LOOK) - 1.0).abs() < 1e-9, "followed no more");
    }
}
