use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    domain::MediaTime,
    evidence::Origin,
    source::{Gop, Part},
};

/// The last groups of a camera, and what lay between them.
///
/// It goes back at least `lasts` and to the beginning of the group that holds that time, unless it would take more than its
/// bytes: then the oldest go, chunk by chunk.
pub(super) struct Ring {
    lasts: Duration,
    most: usize,
    /// What decides over clips, in its order; a group that grows is not among it.
    parts: VecDeque<Part>,
    /// Bytes of the groups in it.
    bytes: usize,
    growing: Option<Arc<Gop>>,
    /// How the epoch began in which the oldest part lies, where that is not among the parts any more.
    epoch: Option<Part>,
    origin: Origin,
}

impl Ring {
    /// Goes back `lasts`, in no more than `most` bytes.
    pub fn new(lasts: Duration, most: usize) -> Self {
        Self {
            lasts,
            most,
            parts: VecDeque::new(),
            bytes: 0,
            growing: None,
            epoch: None,
            origin: Origin::Begins,
        }
    }

    /// Takes the next part.
    pub fn push(&mut self, part: &Part) {
        match part {
            Part::Growing(gop) => self.growing = Some(Arc::clone(gop)),
            // There was no room for it: it is a hole.
            Part::Gop(gop) if gop.packets.is_empty() => self.growing = None,
            Part::Gop(gop) => {
                self.growing = None;
                self.bytes += gop.bytes();
                self.parts.push_back(part.clone());
            }
            Part::Epoch { .. } | Part::GapClosed(_) | Part::Failed { .. } => {
                self.parts.push_back(part.clone())
            }
            Part::GapOpened(_) | Part::Notice(_) => return,
        }
        self.forget();
    }

    /// The group that grows, as far as it is known.
    pub fn growing(&self) -> Option<&Arc<Gop>> {
        self.growing.as_ref()
    }

    /// Up to when pictures are there.
    pub fn until(&self) -> Option<MediaTime> {
        self.growing.iter().chain(self.groups().last()).map(|gop| gop.end).max()
    }

    /// What a clip that begins at `from` is cut from, in its order, and what the first group of it stands for.
    pub fn since(&self, from: MediaTime) -> (Vec<Part>, Origin) {
        let is_before = |part: &Part| matches!(part, Part::Gop(gop) if gop.end <= from);
        let mut first = self.parts.iter().rposition(is_before).map_or(0, |last| last + 1);
        // Chunks need those before them.
        let continues = |at: usize| matches!(self.parts.get(at), Some(Part::Gop(gop)) if gop.continues());
        while continues(first) && first > 0 {
            first -= 1;
        }
        let is_epoch = |part: &&Part| matches!(part, Part::Epoch { .. });
        let epoch = self.parts.iter().take(first).rfind(is_epoch).or(self.epoch.as_ref());
        let origin = if first == 0 || self.groups_before(first) == 0 { self.origin } else { Origin::Passed };
        (epoch.into_iter().chain(self.parts.iter().skip(first)).cloned().collect(), origin)
    }

    /// The groups that must be decoded for the picture of a moment, in their order: its own is the last. None where the
    /// moment is not there, or no more.
    pub fn at(&self, moment: MediaTime) -> Option<Vec<Arc<Gop>>> {
        let holds = |gop: &&Arc<Gop>| gop.start <= moment && moment < gop.end;
        let mut found = Vec::new();
        let mut closed = match self.growing.as_ref().filter(|gop| holds(gop)) {
            Some(gop) => {
                found.push(Arc::new(gop.closed()));
                self.parts.len()
            }
            None => {
                let is_it = |part: &Part| matches!(part, Part::Gop(gop) if holds(&gop));
                let at = self.parts.iter().rposition(is_it)?;
                found.extend(self.groups_of(at));
                at
            }
        };
        while found.last().is_some_and(|gop| gop.continues()) && closed > 0 {
            closed -= 1;
            found.extend(self.groups_of(closed));
        }
        found.reverse();
        Some(found)
    }

    fn groups_of(&self, at: usize) -> Option<Arc<Gop>> {
        self.parts
            .get(at)
            .and_then(|part| if let Part::Gop(gop) = part { Some(Arc::clone(gop)) } else { None })
    }

    fn groups(&self) -> impl DoubleEndedIterator<Item = &Arc<Gop>> {
        self.parts.iter().filter_map(|part| if let Part::Gop(gop) = part { Some(gop) } else { None })
    }

    fn groups_before(&self, at: usize) -> usize {
        self.parts.iter().take(at).filter(|part| matches!(part, Part::Gop(_))).count()
    }

    /// Drops what is too old, and what is too much.
    fn forget(&mut self) {
        if let Some(until) = self.until() {
            let oldest = until - self.lasts;
            // The last key frame at or before the oldest time that is wanted.
            let is_new =
                |part: &Part| matches!(part, Part::Gop(gop) if !gop.continues() && gop.start <= oldest);
            if let Some(first) = self.parts.iter().rposition(is_new) {
                (0..first).for_each(|_| self.drop_first());
            }
        }
        let growing = self.growing.as_ref().map_or(0, |gop| gop.bytes());
        if growing > self.most {
            self.growing = None;
        }
        let growing = if growing > self.most { 0 } else { growing };
        while self.bytes + growing > self.most && !self.parts.is_empty() {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        match self.parts.pop_front() {
            Some(Part::Gop(gop)) => {
                self.bytes = self.bytes.saturating_sub(gop.bytes());
                self.origin = Origin::Passed;
            }
            Some(part @ Part::Epoch { .. }) => self.epoch = Some(part),
            _ => {}
        }
    }

    /// How many bytes of packets it holds.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        self.bytes + self.growing.as_ref().map_or(0, |gop| gop.bytes())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        domain::CameraId,
        libav::testing::{filled, packet, unknown_stream},
        source::Portion,
    };

    fn gop(start: i64, end: i64, bytes: usize, portion: Portion) -> Arc<Gop> {
        let stream = unknown_stream();
        let key = packet(Some(start * 1_000_000), None, 0, true);
        Arc::new(Gop {
            camera: CameraId::new("lane").expect("an id"),
            epoch: 0,
            packets: vec![filled(&key, &stream, &vec![0; bytes])],
            stream,
            start: seconds(start),
            end: seconds(end),
            portion,
            clock: (MediaTime::ZERO, Timestamp::UNIX_EPOCH),
        })
    }

    fn seconds(seconds: i64) -> MediaTime {
        MediaTime::from_micros(seconds * 1_000_000)
    }

    fn starts(groups: &[Arc<Gop>]) -> Vec<MediaTime> {
        groups.iter().map(|gop| gop.start).collect()
    }

    #[test]
    fn goes_back_as_far_as_it_is_to_and_to_the_key_frame_before() {
        let mut ring = Ring::new(Duration::from_secs(10), 1 << 20);
        for start in (0..40).step_by(4) {
            ring.push(&Part::Gop(gop(start, start + 4, 100, Portion::Whole)));
        }
        // 40 less 10 lies in the group that begins with 28.
        assert_eq!(ring.groups().next().map(|gop| gop.start), Some(seconds(28)));
        assert_eq!(ring.at(seconds(29)).map(|found| starts(&found)), Some(vec![seconds(28)]));
        assert!(ring.at(seconds(27)).is_none());
        assert!(ring.at(seconds(40)).is_none());
    }

    #[test]
    fn a_group_that_grows_takes_the_place_of_its_earlier_self() {
        let mut ring = Ring::new(Duration::from_secs(10), 1000);
        for (end, bytes) in [(1, 200), (2, 400), (3, 600)] {
            ring.push(&Part::Growing(gop(0, end, bytes, Portion::Growing)));
            assert_eq!(ring.bytes(), bytes);
        }
        let found = ring.at(seconds(2)).expect("there");
        assert!(!found[0].grows());
        ring.push(&Part::Gop(gop(0, 4, 800, Portion::Whole)));
        assert_eq!(ring.bytes(), 800);
    }

    #[test]
    fn the_oldest_go_where_it_would_take_too_much() {
        let mut ring = Ring::new(Duration::from_secs(100), 1000);
        for start in 0..20 {
            ring.push(&Part::Gop(gop(start, start + 1, 300, Portion::Whole)));
            assert!(ring.bytes() <= 1000);
        }
        assert_eq!(ring.groups().count(), 3);
        assert_eq!(ring.since(seconds(0)).1, Origin::Passed);
        ring.push(&Part::Growing(gop(20, 21, 900, Portion::Growing)));
        assert_eq!((ring.bytes(), ring.groups().count()), (900, 0));
        ring.push(&Part::Growing(gop(20, 22, 1100, Portion::Growing)));
        assert_eq!(ring.bytes(), 0);
    }

    #[test]
    fn chunks_are_given_with_those_before_them() {
        let mut ring = Ring::new(Duration::from_secs(2), 1 << 20);
        ring.push(&Part::Gop(gop(0, 5, 10, Portion::Whole)));
        ring.push(&Part::Gop(gop(5, 10, 10, Portion::First)));
        ring.push(&Part::Gop(gop(10, 15, 10, Portion::Middle)));
        ring.push(&Part::Growing(gop(15, 18, 10, Portion::GrowingChunk)));
        let found = ring.at(seconds(16)).expect("there");
        assert_eq!(starts(&found), [seconds(5), seconds(10), seconds(15)]);
        assert_eq!(ring.since(seconds(14)).0.len(), 2);
    }

    #[test]
    fn a_clip_from_the_first_picture_on_begins_with_the_recording() {
        let mut ring = Ring::new(Duration::from_secs(10), 1 << 20);
        ring.push(&Part::Gop(gop(0, 4, 10, Portion::Whole)));
        ring.push(&Part::Gop(gop(4, 8, 10, Portion::Whole)));
        assert_eq!(ring.since(seconds(1)).1, Origin::Begins);
        assert_eq!(ring.since(seconds(5)).1, Origin::Passed);
    }
}
