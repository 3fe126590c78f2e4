//! What is known of a file once it has been read.

use std::{collections::VecDeque, time::Duration};

use super::{Holes, Reading};
use crate::{
    domain::MediaTime,
    source::{Noticed, Part},
};

/// Formats whose headers say how long they are, independently of what follows.
const TELL_THEIR_LENGTH: [&str; 4] = ["mov,", "matroska", "avi", "flv"];

impl Holes {
    /// So many of them, which take up a quarter of the file, are worth a word.
    const MANY: usize = 3;
    const SHARE: i64 = 4;
}

/// So many pictures or more are no count: writers that cannot go back to an AVI's header leave such a number there.
const STREAMED: u64 = 1 << 30;

impl Reading {
    /// What is only known at the end.
    pub(super) fn sum_up(&mut self, from: MediaTime, out: &mut VecDeque<Part>) {
        let lasted = self.end.as_micros() - from.as_micros();
        if self.holes.count >= Holes::MANY && self.holes.micros > lasted / Holes::SHARE {
            let time = Duration::from_micros(self.holes.micros.unsigned_abs());
            self.notice(from, Noticed::ManyHoles { count: self.holes.count, time }, out);
        }
        if self.input.other_pictures() > 0 {
            self.notice(from, Noticed::OtherVideo, out);
        }
        for (at, what) in self.bound.more() {
            self.tell(at, what, out);
        }
    }

    /// How long the file claims to be, where it ends well before that.
    pub(super) fn cut_off(&mut self) -> Option<MediaTime> {
        let format = self.claims.format.as_str();
        if !TELL_THEIR_LENGTH.iter().any(|f| format.starts_with(f)) {
            return None;
        }
        let short = |claimed: i64, there: i64| claimed.saturating_sub(there) > (claimed / 50).max(2_000_000);
        let pictures = self.claims.pictures.filter(|n| *n < STREAMED);
        if format == "avi" && pictures.is_none() {
            return None;
        }
        // A header that counts its pictures is right whatever becomes of their times.
        if let Some(pictures) = pictures {
            let lasts = |n: u64| i64::try_from(n).unwrap_or(i64::MAX).saturating_mul(self.usual);
            let is_avi = format == "avi";
            if is_avi && !self.jumped {
                // Pictures that were left out are counted there, and are in no packet.
                let claimed = self.input.stream().in_micros(pictures)?;
                let (from, to) = self.reach?;
                return short(claimed, to - from).then(|| MediaTime::from_micros(claimed));
            }
            if short(lasts(pictures), lasts(self.packets)) && self.packets < pictures - pictures / 50 {
                return Some(MediaTime::from_micros(lasts(pictures)));
            }
            // A damaged time does not make a file longer that has all its pictures.
            if is_avi || self.packets.abs_diff(pictures) <= pictures / 50 {
                return None;
            }
        }
        let claimed = self.claims.duration.filter(|_| !self.jumped)?;
        let (from, to) = self.reach?;
        let to = to.max(self.heard);
        // Matroska and FLV count from their time 0, wherever pictures begin.
        let from_zero = ["matroska", "flv"].iter().any(|f| format.starts_with(f));
        let from = if from_zero && (0..=claimed).contains(&from) { 0 } else { from };
        // Sound may go on where pictures end.
        let cut = short(claimed, to - from)
            && (self.claims.own_length || self.input.others_end().is_none_or(|end| short(claimed, end)))
            && !self.input.is_stopped();
        cut.then(|| MediaTime::from_micros(claimed))
    }
}
