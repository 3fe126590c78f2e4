//! A judge over a restart: what it knows is saved, and it goes on from there.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::{
    book::Open,
    judge::{Judge, Judgement, Strand},
    saved::{Saved, SavedWatch, TrackerOf},
};
use crate::{
    config::{Camera, DetectorConfig, Site},
    domain::{MediaTime, ModelName, Phase, RuleId},
    looks::state::SavedLooks,
    rules::{Beginning, Finding},
    track::SavedTracker,
};

/// What a judge does not go on from, and what follows.
#[derive(Debug, Default)]
pub struct Restored {
    /// What rules had open of which nothing could be kept: it is ended, nobody knows when. It has no findings.
    pub judgement: Judgement,
    /// Those rules, in the order in which they were saved.
    pub dropped: Vec<Dropped>,
    /// What of the looks goes on, with what the rules that were kept asked for.
    pub looks: Option<SavedLooks>,
}

/// A rule of which what was saved is of no use, while others go on. Its id names the camera.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Dropped {
    /// Its settings are others now.
    #[error(
        "{rule}: its settings are others than when its state was saved; it begins anew, and what it had open is ended"
    )]
    Changed {
        /// The rule.
        rule: RuleId,
    },
    /// There is no such rule any more.
    #[error("{rule}: it is no longer configured; its saved state is dropped, and what it had open is ended")]
    Removed {
        /// The rule.
        rule: RuleId,
    },
    /// It is not what was written, or this program's rules of its kind know other things.
    #[error("{rule}: its saved state cannot be used; it begins anew, and what it had open is ended")]
    Damaged {
        /// The rule.
        rule: RuleId,
    },
}

impl Judge {
    /// All from which later judgements follow.
    pub fn save(&self) -> Saved {
        let trackers = self
            .strands
            .iter()
            .map(|strand| TrackerOf { detector: strand.detector.clone(), tracker: strand.tracker.save() });
        Saved {
            site: self.book.site().clone(),
            camera: self.book.camera().clone(),
            reach: self.reach.clone(),
            eyesight: self.eyesight.clone(),
            trackers: trackers.collect(),
            rules: self.watches.iter().map(|watch| watch.save()).collect(),
            book: self.book.save(),
            looks: None,
            health: None,
        }
    }

    /// The rules of a camera, which go on from what was saved of it. A rule whose settings are others than they were begins
    /// anew, and so does one whose state is damaged.
    pub fn restore(
        site: &Site,
        camera: &Camera,
        detector: &DetectorConfig,
        saved: Saved,
    ) -> (Self, Restored) {
        let mut judge = Self::begin(site, camera, detector, Beginning::Again);
        let Saved { reach, mut eyesight, trackers, rules, book, mut looks, .. } = saved;
        let mut trackers: BTreeMap<ModelName, SavedTracker> =
            trackers.into_iter().map(|TrackerOf { detector, tracker }| (detector, tracker)).collect();
        let (mut kept, mut lasts, mut dropped) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        for saved in rules {
            let rule = saved.rule.clone();
            lasts.extend(saved.last.map(|last| (rule.clone(), last)));
            match judge.resume(saved, |detector| trackers.contains_key(detector), reach.until()) {
                Ok(Resumed::GoesOn) => drop(kept.insert(rule)),
                Ok(Resumed::KnewNothing) => {}
                Err(reason) => dropped.push(reason),
            }
        }
        // What a detector saw is of use where a rule goes on with it.
        for Strand { detector, tracker, watches } in &mut judge.strands {
            let mut watches = watches.iter().filter_map(|index| judge.watches.get(*index));
            let goes_on = watches.any(|watch| kept.contains(watch.id()));
            match trackers.remove(detector).filter(|_| goes_on) {
                Some(saved) => tracker.restore(saved),
                None => eyesight.close(detector),
            }
        }
        trackers.keys().for_each(|gone| eyesight.close(gone));
        if !kept.is_empty() {
            judge.eyesight = eyesight;
        }
        judge.reach = reach;
        let mut judgement = Judgement::default();
        for Open { rule, kind, told, .. } in judge.book.restore(book, |rule| kept.contains(rule)) {
            let at = lasts.get(&rule).copied().unwrap_or(told.at);
            let ended = Finding { phase: Phase::Ended, at, ended_unknown: true, ..told };
            judgement.violations.push(judge.book.record(&rule, kind, &ended));
        }
        if let Some(looks) = &mut looks {
            looks.keep(|rule| kept.contains(rule));
        }
        (judge, Restored { judgement, dropped, looks })
    }

    /// Lets a rule go on from what was saved at `until`.
    fn resume(
        &mut self,
        saved: SavedWatch,
        is_followed: impl Fn(&ModelName) -> bool,
        until: MediaTime,
    ) -> Result<Resumed, Dropped> {
        let (rule, knew_nothing) = (saved.rule.clone(), saved.counting.watched().looks == 0);
        let watch = match self.watches.iter_mut().find(|watch| *watch.id() == rule) {
            Some(watch) if watch.settings_sha256() == saved.settings_sha256 => watch,
            _ if knew_nothing => return Ok(Resumed::KnewNothing),
            Some(_) => return Err(Dropped::Changed { rule }),
            None => return Err(Dropped::Removed { rule }),
        };
        // One that has never looked begins, so that what it sees first may have come meanwhile.
        if knew_nothing {
            return Ok(Resumed::GoesOn);
        }
        // It knows things by their tracks.
        if !is_followed(watch.detector()) || watch.restore(saved, until).is_err() {
            return Err(Dropped::Damaged { rule });
        }
        Ok(Resumed::GoesOn)
    }
}

/// What became of a rule's state.
enum Resumed {
    GoesOn,
    /// There was none, and the rule is another now.
    KnewNothing,
}
