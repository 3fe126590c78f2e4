//! What waits between the reader of a camera and its thread: so many parts, and so many bytes of pictures, at most.
//!
//! The thread takes parts as they come. Only where the machine is stalled do they wait: then groups lose their packets, which the
//! camera's looks tell and count, and the reader goes on reading.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::AcqRel, Ordering::Acquire},
};

use crossbeam::channel::{self, Receiver, Sender};

use crate::{
    domain::MediaTime,
    source::{Gop, Part},
};

/// So many parts of the source may wait: of a group that grows there are two a second.
const PARTS: usize = 64;

/// A part, and how many bytes wait with it that did not wait before.
pub(super) struct Ahead {
    part: Part,
    bytes: usize,
    waiting: Arc<AtomicUsize>,
}

impl Ahead {
    /// Takes it: its bytes do not wait any more.
    pub fn take(self) -> Part {
        self.waiting.fetch_sub(self.bytes, AcqRel);
        self.part
    }
}

/// Where the reader puts parts.
pub(super) struct Reader {
    to: Sender<Ahead>,
    waiting: Arc<AtomicUsize>,
    most: usize,
    /// Of the group that was put last while it grew: where it starts, and how many bytes of it were put.
    grown: Option<(MediaTime, usize)>,
}

/// Nobody takes parts any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NobodyTakes;

/// A way for parts of which no more than `most` bytes of pictures wait. One group always may.
pub(super) fn ahead(most: usize) -> (Reader, Receiver<Ahead>) {
    let (to, from) = channel::bounded(PARTS);
    (Reader { to, waiting: Arc::default(), most, grown: None }, from)
}

impl Reader {
    /// Puts a part; it waits while too many do.
    ///
    /// # Errors
    /// Where nobody takes parts any more.
    pub fn put(&mut self, part: Part) -> Result<(), NobodyTakes> {
        let (part, bytes) = match part {
            Part::Growing(gop) => match self.room(&gop) {
                Some(bytes) => {
                    self.grown = Some((gop.start, gop.bytes()));
                    (Part::Growing(gop), bytes)
                }
                // More of it will come.
                None => return Ok(()),
            },
            Part::Gop(gop) => {
                let room = self.room(&gop);
                self.grown = None;
                match room {
                    Some(bytes) => (Part::Gop(gop), bytes),
                    None => (Part::Gop(Arc::new(gop.bare())), 0),
                }
            }
            other => (other, 0),
        };
        self.waiting.fetch_add(bytes, AcqRel);
        let waiting = Arc::clone(&self.waiting);
        self.to.send(Ahead { part, bytes, waiting }).map_err(|_| NobodyTakes)
    }

    /// How many bytes a group adds to those that wait; none where there is no room for them. What was put of it while it grew is shared.
    fn room(&self, gop: &Gop) -> Option<usize> {
        let put = self.grown.filter(|(start, _)| *start == gop.start).map_or(0, |(_, bytes)| bytes);
        let bytes = gop.bytes().saturating_sub(put);
        let waiting = self.waiting.load(Acquire);
        (waiting == 0 || waiting.saturating_add(bytes) <= self.most).then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        domain::CameraId,
        libav::testing::{filled, packet, unknown_stream},
        source::{Notice, Noticed, Portion},
    };

    fn gop(start: i64, bytes: usize, portion: Portion) -> Arc<Gop> {
        let at = |seconds: i64| MediaTime::from_micros(seconds * 1_000_000);
        let stream = unknown_stream();
        let key = packet(Some(start * 1_000_000), None, 0, true);
        Arc::new(Gop {
            camera: CameraId::new("lane").expect("an id"),
            epoch: 0,
            packets: vec![filled(&key, &stream, &vec![0; bytes])],
            stream,
            start: at(start),
            end: at(start + 1),
            portion,
            clock: (MediaTime::ZERO, Timestamp::UNIX_EPOCH),
        })
    }

    fn whole(start: i64, bytes: usize) -> Part {
        Part::Gop(gop(start, bytes, Portion::Whole))
    }

    /// Takes all that waits: where each group starts, and how many bytes it has.
    fn taken(from: &Receiver<Ahead>) -> Vec<(i64, usize)> {
        let parts = from.try_iter().map(Ahead::take);
        parts
            .filter_map(|part| match part {
                Part::Gop(gop) | Part::Growing(gop) => Some((gop.start.as_micros() / 1_000_000, gop.bytes())),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn over_its_bytes_groups_wait_without_their_packets_until_some_were_taken() {
        let (mut reader, from) = ahead(1_000);
        for start in 0..60 {
            assert!(reader.put(whole(start, 300)).is_ok());
            assert!(reader.waiting.load(Acquire) <= 1_000);
        }
        let taken_first = taken(&from);
        assert_eq!(taken_first.len(), 60, "that there was a group is always told");
        let full: Vec<i64> =
            taken_first.iter().filter(|(_, bytes)| *bytes > 0).map(|(start, _)| *start).collect();
        assert_eq!(full, [0, 1, 2]);
        assert_eq!(reader.waiting.load(Acquire), 0);
        assert!(reader.put(whole(60, 300)).is_ok());
        assert_eq!(taken(&from), [(60, 300)]);
    }

    #[test]
    fn a_group_that_is_larger_than_all_that_may_wait_waits_alone() {
        let (mut reader, from) = ahead(1_000);
        for start in 0..3 {
            assert!(reader.put(whole(start, 5_000)).is_ok());
        }
        assert_eq!(taken(&from), [(0, 5_000), (1, 0), (2, 0)]);
    }

    #[test]
    fn what_grows_is_counted_once_and_left_out_where_there_is_no_room() {
        let (mut reader, from) = ahead(1_000);
        for bytes in [200, 400, 600] {
            assert!(reader.put(Part::Growing(gop(0, bytes, Portion::Growing))).is_ok());
        }
        assert_eq!(reader.waiting.load(Acquire), 600);
        assert!(reader.put(whole(0, 800)).is_ok());
        assert!(reader.put(Part::Growing(gop(1, 300, Portion::Growing))).is_ok());
        assert!(reader.put(whole(1, 300)).is_ok());
        assert_eq!(taken(&from), [(0, 200), (0, 400), (0, 600), (0, 800), (1, 0)]);
        assert_eq!(reader.waiting.load(Acquire), 0);
    }

    #[test]
    fn what_is_no_picture_always_has_room() {
        let (mut reader, from) = ahead(0);
        assert!(reader.put(whole(0, 100)).is_ok());
        let camera = CameraId::new("lane").expect("an id");
        let notice = Notice { camera, file: String::new(), at: MediaTime::ZERO, what: Noticed::LongGroup };
        assert!(reader.put(Part::Notice(notice)).is_ok());
        let told = from.try_iter().map(Ahead::take).any(|part| matches!(part, Part::Notice(_)));
        assert!(told);
        drop(from);
        assert!(reader.put(whole(1, 100)).is_err(), "nobody takes parts any more");
    }
}
