//! Where a file lies, as its first group tells.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::Reading;
use crate::{
    domain::{GapReason, MediaTime, WallOrigin},
    source::{
        HOLE, Noticed, Part,
        grouping::Group,
        placing::{Start, place},
    },
};

/// So little, in microseconds, that an edit list leaves out at the beginning is only its way to count.
const LITTLE: i64 = 500_000;

/// Sound that begins longer before the pictures, in microseconds, has a clock of its own.
const HOUR: i64 = 3_600_000_000;

impl Reading {
    /// The first group tells where the file lies.
    pub(super) fn put(&mut self, group: &Group, out: &mut VecDeque<Part>) {
        let start = group.start();
        // Packets before the first key frame took their time, too.
        let head =
            self.grouping.headless_from.filter(|&t| group.jump.is_none() && t < start).unwrap_or(start);
        let begins = self.begins(head);
        let hidden = begins.map_or(0, |begins| begins.saturating_sub(head).max(0));
        // A player shows nothing before that, and the file's name and metadata tell the time of what it shows.
        let sooner = |wall: Timestamp| wall.checked_sub(SignedDuration::from_micros(hidden)).unwrap_or(wall);
        self.start = self.start.map(|start| Start { wall: sooner(start.wall), ..start });
        let (guess, origin) = self.guess;
        let guess = if origin == WallOrigin::Modified { guess } else { sooner(guess) };
        let place = place(self.before.as_ref(), self.start, guess, origin);
        let head = begins.map_or(head, |begins| begins.min(head));
        self.place = Some(place);
        self.stream = Arc::clone(&group.stream);
        self.offset = place.from.as_micros() - head;
        self.end = place.from;
        self.hidden = (hidden > 0).then(|| MediaTime::from_micros(place.from.as_micros() + hidden));
        if let Some(before) = self.before.filter(|_| place.gap) {
            let reason = if place.from > before.end { GapReason::Offline } else { GapReason::Damaged };
            self.gap(before.epoch, before.end, place.from, reason, out);
        }
        if place.overlap() > Duration::ZERO {
            self.notice(place.floor, Noticed::Overlap(place.overlap()), out);
        }
        if hidden > 0 {
            self.notice(
                place.from,
                Noticed::HiddenPictures(Duration::from_micros(hidden.unsigned_abs())),
                out,
            );
        }
        let first = MediaTime::from_micros(
            self.grouping.headless_from.filter(|&t| t < start).unwrap_or(start).saturating_add(self.offset),
        );
        if first.since(place.from) > HOLE {
            self.begin(out);
            self.notice(place.from, Noticed::PicturesBegin(first.since(place.from)), out);
            let from = place.from.max(place.floor);
            self.gap(self.number, from, first.max(from), GapReason::Offline, out);
        }
        if self.grouping.headless > 0 {
            let at = MediaTime::from_micros(start + self.offset);
            self.begin(out);
            self.notice(place.from, Noticed::BeginsWithoutKey(self.grouping.headless), out);
            let from = first.max(place.from).max(place.floor);
            self.gap(self.number, from, at.max(from), GapReason::Damaged, out);
        }
    }

    /// Where the file begins for a player, on its own clock, if that is not at its first picture at `head`.
    pub(super) fn begins(&self, head: i64) -> Option<i64> {
        let begins = self.claims.begins?;
        let hidden = begins.saturating_sub(head);
        let hole = i64::try_from(HOLE.as_micros()).unwrap_or(i64::MAX);
        let lasts = self.claims.duration.unwrap_or(i64::MAX);
        // An MP4 tells of each track when it begins. Files cut out of one stream begin late, and all tracks alike.
        let sound_first = !self.claims.format.starts_with("mov,") && (-HOUR..-hole).contains(&hidden);
        ((LITTLE..lasts).contains(&hidden) || sound_first).then_some(begins)
    }
}
