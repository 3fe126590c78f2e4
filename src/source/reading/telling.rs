//! What people are told of a file while it is read.

use std::{collections::VecDeque, time::Duration};

use super::Reading;
use crate::{
    domain::{Gap, GapReason, MediaTime},
    source::{Notice, Noticed, Part},
};

/// What is said once per file.
#[derive(Default)]
pub(super) struct Said {
    pub rate: Option<f64>,
    /// Nothing tells how many pictures a second there are.
    pub assumed: bool,
    pub rebuilt: bool,
    pub counted: bool,
    pub long: bool,
    pub damaged: bool,
}

impl Reading {
    /// Says once where the file's times are not those that people may think.
    pub(super) fn tell_of_times(&mut self, at: MediaTime, out: &mut VecDeque<Part>) {
        if let Some(step) = self.grouping.counted() {
            if !std::mem::replace(&mut self.said.counted, true) {
                self.said.rebuilt = true;
                self.notice(at, Noticed::TimesCounted(1e6 / step.max(1) as f64), out);
            }
        } else if self.grouping.rebuilt() && !std::mem::replace(&mut self.said.rebuilt, true) {
            let what = match self.said.rate {
                Some(rate) => Noticed::RateIgnored(rate),
                None if self.said.assumed => Noticed::RateAssumed,
                None => Noticed::TimesRebuilt,
            };
            self.notice(at, what, out);
        }
    }

    /// The notice that reading fell behind.
    pub(in crate::source) fn late(&self, by: Duration) -> Notice {
        let (camera, file) = (self.camera.clone(), self.name.clone());
        Notice { camera, file, at: self.end, what: Noticed::Late(by) }
    }

    pub(super) fn gap(
        &self,
        epoch: u32,
        from: MediaTime,
        to: MediaTime,
        reason: GapReason,
        out: &mut VecDeque<Part>,
    ) {
        let opened = Gap { camera: self.camera.clone(), epoch, from, to: None, reason };
        out.push_back(Part::GapOpened(opened.clone()));
        out.push_back(Part::GapClosed(Gap { to: Some(to), ..opened }));
    }

    /// Tells of something, unless it was told too often.
    pub(super) fn notice(&mut self, at: MediaTime, what: Noticed, out: &mut VecDeque<Part>) {
        if self.bound.admits(at, &what) {
            self.tell(at, what, out);
        }
    }

    pub(super) fn tell(&self, at: MediaTime, what: Noticed, out: &mut VecDeque<Part>) {
        let (camera, file) = (self.camera.clone(), self.name.clone());
        out.push_back(Part::Notice(Notice { camera, file, at, what }));
    }
}
