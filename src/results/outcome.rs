//! What became of a camera, its violations apart.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Coverage, Extent, Timeline};
use crate::{
    domain::{Epoch, GapReason, MediaTime, Notice, Record},
    judge::Watched,
    ledger::Fact,
    rules::Presence,
};

/// Something that could not be read, looked at or written. The rest was analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What of the camera it was.
    pub of: FailureOf,
    /// What went wrong: it names the file, the model or the camera.
    pub text: String,
}

/// What could not be read, looked at or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureOf {
    /// A recording: another run meets the same.
    Recording,
    /// The run: it was stopped by hand.
    Stopped,
    /// The machine: a model, a worker, the disk. Another run need not meet it.
    Machine,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What became of a camera.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The files it was read from.
    pub epochs: Vec<Epoch>,
    /// What people should be told.
    pub notices: Vec<Notice>,
    /// What could not be read or written; the rest was analysed.
    pub failures: Vec<Failure>,
    /// Looks taken.
    pub looks: u64,
    /// Looks that could not be taken.
    pub missed: u64,
    /// How many of these because a model failed, or there was no time.
    pub not_looked: u64,
    /// Media time up to which it was analysed.
    #[serde(rename = "until_s")]
    pub until: MediaTime,
    /// The whole period at a glance.
    pub timeline: Timeline,
    /// How much of each file could be looked at, in the order of the epochs.
    pub coverage: Vec<Coverage>,
    /// How much each rule could judge, in the order of the configuration.
    pub watched: Vec<Watched>,
}

impl Outcome {
    /// How much was looked at: the period less its gaps.
    pub fn looked_at(&self) -> Duration {
        self.until.since(MediaTime::ZERO).saturating_sub(self.timeline.gap_time())
    }

    /// Takes in a record and what rules saw at it, by the index of the rule.
    pub fn take(&mut self, record: &Record, presence: &[(usize, Presence)]) {
        self.timeline.take(record, presence);
        match record {
            Record::Epoch(epoch) => {
                self.coverage.push(Coverage::new(epoch));
                self.epochs.push(epoch.clone());
            }
            Record::Gap(gap) => {
                // Most gaps lie in the last file, or end where it begins.
                let own = self.coverage.iter_mut().rev().take(3).find(|file| file.epoch == gap.epoch);
                own.into_iter().for_each(|file| file.gap(gap));
            }
            Record::Observation(observation) => {
                self.looks += 1;
                self.reach(observation.at);
                if let Some(file) = self.coverage.last_mut() {
                    file.looks += 1;
                }
            }
        }
    }

    /// Takes in what came of the camera. Once nothing follows, notices stand in the order of media time: what a source says of a group
    /// comes before or after what is seen in it, by how much is read ahead.
    pub fn follow(&mut self, fact: &Fact) {
        match fact {
            Fact::Told(record, judgement) => self.take(record, &judgement.presence),
            Fact::Missed(reason) => self.miss(*reason),
            Fact::Reached(at) => self.reach(*at),
            Fact::Notice(notice) => self.notices.push(notice.clone()),
            Fact::Ended(watched) => {
                self.notices.sort_by_key(|notice| notice.at);
                self.watched.clone_from(watched);
            }
            // How a camera does that is a recording is told nowhere.
            Fact::Judged(_) | Fact::Health(..) => {}
        }
    }

    /// Notes a look that could not be taken.
    pub fn miss(&mut self, reason: GapReason) {
        self.missed += 1;
        if reason != GapReason::Damaged {
            // That says nothing of the file.
            self.not_looked += 1;
        } else if let Some(file) = self.coverage.last_mut() {
            file.missed += 1;
        }
    }

    /// Notes how far it was analysed.
    pub fn reach(&mut self, until: MediaTime) {
        self.until = self.until.max(until);
        if let Some(file) = self.coverage.last_mut() {
            file.until = file.until.max(until);
        }
    }

    /// The files of which most could not be looked at.
    pub fn unseen(&self) -> impl Iterator<Item = &Coverage> {
        self.coverage.iter().filter(|file| file.extent() != Extent::Seen)
    }
}
