use std::{collections::VecDeque, sync::Arc, time::Instant};

use super::message::Message;

/// What waits to be done, in order, one of each camera: the newest.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    most: usize,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub message: Arc<Message>,
    /// When it was told.
    pub since: Instant,
}

/// What became of another that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// Nothing.
    Added,
    /// It was of the same camera, and this one has its place.
    Replaced,
    /// Too many waited, and it had waited longest.
    Dropped,
}

impl Queue {
    /// One in which so many cameras may wait.
    pub fn new(most: usize) -> Self {
        Self { waiting: VecDeque::new(), most }
    }

    pub fn put(&mut self, message: Arc<Message>, since: Instant) -> Put {
        let new = Waiting { message, since };
        if let Some(old) = self.waiting.iter_mut().find(|old| old.message.camera == new.message.camera) {
            *old = new;
            return Put::Replaced;
        }
        let is_full = self.waiting.len() >= self.most;
        if is_full {
            self.waiting.pop_front();
        }
        self.waiting.push_back(new);
        if is_full { Put::Dropped } else { Put::Added }
    }

    pub fn take(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::message, *};

    fn taken(queue: &mut Queue) -> Vec<String> {
        std::iter::from_fn(|| queue.take())
            .map(|waiting| format!("{} {}", waiting.message.camera, waiting.message.phase.name()))
            .collect()
    }

    #[test]
    fn of_each_camera_the_newest_waits_and_keeps_its_place() {
        let (mut queue, now) = (Queue::new(64), Instant::now());
        let put = [("a", "raised"), ("b", "raised"), ("a", "updated"), ("a", "ended")]
            .map(|(camera, phase)| queue.put(Arc::new(message(camera, phase)), now));
        assert_eq!(put, [Put::Added, Put::Added, Put::Replaced, Put::Replaced]);
        assert_eq!(taken(&mut queue), ["a ended", "b raised"]);
    }

    #[test]
    fn where_too_many_wait_the_oldest_goes() {
        let (mut queue, now) = (Queue::new(2), Instant::now());
        let put = ["a", "b", "c", "b"].map(|camera| queue.put(Arc::new(message(camera, "raised")), now));
        assert_eq!(put, [Put::Added, Put::Added, Put::Dropped, Put::Replaced]);
        assert_eq!(taken(&mut queue), ["b raised", "c raised"]);
    }
}
