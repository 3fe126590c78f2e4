//! A camera over a restart.

use super::Camera;
use crate::{
    domain::MediaTime,
    judge::Saved,
    looks::{
        plan::Strand,
        state::{LONGEST_WISH, SavedLooks, SavedStrand, SavedWish, Wish},
    },
};

impl Camera {
    /// All from which later judgements and looks follow, but for what begins anew with each connection. Looks that workers
    /// have at hand are not among it: from the time up to which it was saved, nobody has looked.
    pub fn save(&self) -> Saved {
        let judge = self.looked.judge();
        let mut saved = judge.save();
        // What strands have passed over counts.
        saved
            .extend(self.strands.iter().filter_map(Strand::last).fold(self.looked.reached(), MediaTime::max));
        let until = saved.reached().map_or(MediaTime::ZERO, |reached| reached.at);
        let taken = |at: Option<MediaTime>| at.filter(|at| *at <= until);
        let asked = self.asks.save().zip(&self.strands).zip(judge.detectors());
        let strands = asked.enumerate().map(|(index, (((due, closing), strand), (detector, watches)))| {
            let wishes = strand.wishes().filter_map(|(place, wish)| {
                let watch = judge.watches().get(*watches.get(place)?)?;
                let wish = Wish { until: wish.until.min(until + LONGEST_WISH), ..wish };
                Some(SavedWish { rule: watch.id().clone(), wish })
            });
            SavedStrand {
                detector: detector.clone(),
                due: taken(due),
                last: taken(strand.last()),
                closing,
                shut: self.looked.is_shut(index),
                wishes: wishes.collect(),
            }
        });
        saved.looks = Some(SavedLooks { last: self.looked.last(), strands: strands.collect() });
        saved
    }

    /// Goes on where another left off whose judge this one's goes on from. A new epoch is to be its first part.
    pub fn resume(mut self, looks: Option<SavedLooks>) -> Self {
        let (last, saved) = looks.map_or((None, Vec::new()), |looks| (looks.last, looks.strands));
        let mut shut = vec![false; self.strands.len()];
        let judge = self.looked.judge();
        let known = judge.detectors().zip(&mut self.strands).zip(&mut shut).enumerate();
        for (index, (((detector, watches), strand), shut)) in known {
            let Some(saved) = saved.iter().find(|saved| saved.detector == *detector) else { continue };
            self.asks.resume(index, saved.due, saved.closing);
            strand.resume(saved.last);
            *shut = saved.shut;
            for (place, watch) in watches.iter().enumerate() {
                let id = judge.watches().get(*watch).map(|watch| watch.id());
                if let Some(SavedWish { wish, .. }) = saved.wishes.iter().find(|wish| Some(&wish.rule) == id)
                {
                    strand.wish(place, *wish);
                }
            }
        }
        self.looked.resume(last, shut);
        self
    }
}
