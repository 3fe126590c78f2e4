//! Where the groups of a connection lie: on the camera's media time, and on the wall.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

use super::{super::delays::Delays, Connection, Setting, span};
use crate::{
    domain::{Gap, GapReason, MediaTime},
    source::{Gop, Noticed, Part, Portion, grouping::Group, times::Jump},
};

/// Where times jump, what is further than this from the monotonic clock is not believed.
const BELIEVED: Duration = Duration::from_secs(2);

impl Connection {
    /// Where a group starts on media time: the group before ends there. `last` is the time of the packet that came `now`.
    pub(super) fn open(
        &mut self,
        group: &Group,
        last: i64,
        now: Instant,
        out: &mut VecDeque<Part>,
    ) -> MediaTime {
        let own = group.start();
        let jump = group.jump.filter(|_| self.offset.is_some());
        let offset = match (self.offset, jump) {
            (None, _) if self.setting.epoch == 0 && self.setting.floor == MediaTime::ZERO => {
                // With its first picture a camera's time begins.
                0i64.saturating_sub(own)
            }
            (None, _) => {
                // What has come by now was sent up to now, and began when the first of it came.
                let from = match self.setting.first {
                    Some(first) => self.setting.timeline.at(first),
                    None => self.setting.timeline.at(now) - span(last.saturating_sub(own)),
                };
                from.max(self.setting.floor).as_micros().saturating_sub(own)
            }
            (Some(offset), None | Some(Jump::Again)) => offset,
            (Some(offset), Some(jump)) => self.jump(offset, jump, own, last, now, out),
        };
        if let (None, Some(first)) = (self.offset, self.setting.first) {
            // To learn what is sent takes a while, in which nothing is read: the first packet came before that.
            let (sent, came) = (own.saturating_add(offset), self.since(first));
            self.delays.take(sent, came);
            self.first = Some((sent, came));
        }
        self.offset = Some(offset);
        let chunk = if group.continues && jump.is_none() { self.held_back } else { None };
        let start =
            MediaTime::from_micros(chunk.unwrap_or(own).saturating_add(offset)).max(self.setting.floor);
        let start = if jump.is_some() { start.max(self.end) } else { start };
        let start = self.pending.as_ref().map_or(start, |pending| start.max(pending.start));
        self.flush(start, out);
        if !group.continues {
            if let Some(before) = self.last_key {
                self.setting.link.key_frames(start.since(before));
            }
            self.last_key = Some(start);
        }
        start
    }

    /// Times do not go on as they were: what lies between is a gap, as long as it really was. The offset from there on.
    fn jump(
        &mut self,
        offset: i64,
        jump: Jump,
        own: i64,
        last: i64,
        now: Instant,
        out: &mut VecDeque<Part>,
    ) -> i64 {
        self.flush(self.end, out);
        let real = self.setting.timeline.at(now) - span(last.saturating_sub(own));
        let said = MediaTime::from_micros(own.saturating_add(offset));
        let off = if said > real { said.since(real) } else { real.since(said) };
        let start = if off > BELIEVED || said < self.end { real.max(self.end) } else { said };
        match jump {
            Jump::Back => self.notice(start, Noticed::TimesGoBack, out),
            Jump::Leap(by) => self.notice(start, Noticed::TimesLeap(span(by.saturating_abs())), out),
            Jump::Hole | Jump::Again => {}
        }
        if start > self.end {
            let (camera, epoch) = (self.setting.camera.clone(), self.setting.epoch);
            let gap = Gap { camera, epoch, from: self.end, to: None, reason: GapReason::Timestamps };
            out.push_back(Part::GapOpened(gap.clone()));
            out.push_back(Part::GapClosed(Gap { to: Some(start), ..gap }));
        }
        self.delays = Delays::default();
        self.first = None;
        start.as_micros().saturating_sub(own)
    }

    /// A group as it is given, from `start` to `end`.
    pub(super) fn gop(&self, group: Group, start: MediaTime, end: MediaTime) -> Option<Gop> {
        let offset = self.offset?;
        let mut packets = group.packets;
        for packet in &mut packets {
            packet.pts = packet.pts.map(|time| time.saturating_add(offset));
            packet.dts = packet.dts.map(|time| time.saturating_add(offset));
        }
        let portion = match group.known {
            Some(_) => Portion::growing(group.continues),
            None => Portion::of_chunk(group.continues, group.continued),
        };
        let clock = (start, self.wall(start));
        let Setting { camera, epoch, .. } = &self.setting;
        Some(Gop {
            camera: camera.clone(),
            epoch: *epoch,
            stream: group.stream,
            packets,
            start,
            end,
            portion,
            clock,
        })
    }

    /// When a picture was taken, on the wall: when it came, less the least that one takes. The camera's clock is not asked.
    pub(super) fn wall(&self, at: MediaTime) -> Timestamp {
        let now = self.since(self.setting.clock.monotonic());
        let sent = at.as_micros();
        let came = sent.saturating_add(self.delays.least().unwrap_or_else(|| now.saturating_sub(sent)));
        let wall = self.setting.clock.wall();
        let taken = wall.checked_sub(SignedDuration::from_micros(now.saturating_sub(came))).unwrap_or(wall);
        // Nobody knows it better than to the millisecond.
        Timestamp::from_millisecond(taken.as_millisecond()).unwrap_or(taken)
    }
}
