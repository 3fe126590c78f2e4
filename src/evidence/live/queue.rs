use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What comes out of a queue.
pub(super) enum Next<T> {
    /// Something to do.
    Job(T),
    /// Nothing, for as long as was waited.
    Idle,
    /// Nothing, and nothing will come.
    Closed,
}

/// Whether something may wait behind everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// It goes ahead of what is not urgent.
    Urgent,
    /// It waits for what is.
    Usual,
}

/// Work for one thread, bounded: whoever gives it never waits.
pub(super) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    more: Condvar,
    /// How many may wait.
    urgent: usize,
    usual: usize,
}

struct Inner<T> {
    urgent: VecDeque<T>,
    usual: VecDeque<T>,
    closed: bool,
}

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Too much is waiting.
    Full,
    /// Nothing is taken any more.
    Closed,
}

impl<T> Queue<T> {
    /// In which so many of each urgency may wait.
    pub fn new(urgent: usize, usual: usize) -> Self {
        let inner = Inner { urgent: VecDeque::new(), usual: VecDeque::new(), closed: false };
        Self { inner: Mutex::new(inner), more: Condvar::new(), urgent, usual }
    }

    /// Takes something to do, or gives it back.
    pub fn push(&self, job: T, urgency: Urgency) -> Result<(), (T, Refused)> {
        let mut inner = self.lock();
        if inner.closed {
            return Err((job, Refused::Closed));
        }
        let (waiting, most) = match urgency {
            Urgency::Urgent => (&mut inner.urgent, self.urgent),
            Urgency::Usual => (&mut inner.usual, self.usual),
        };
        if waiting.len() >= most {
            return Err((job, Refused::Full));
        }
        waiting.push_back(job);
        self.more.notify_one();
        Ok(())
    }

    /// What is to be done next; it is waited for so long.
    pub fn pop(&self, wait: Duration) -> Next<T> {
        let nothing =
            |inner: &mut Inner<T>| inner.urgent.is_empty() && inner.usual.is_empty() && !inner.closed;
        let waited = self.more.wait_timeout_while(self.lock(), wait, nothing);
        let (mut inner, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let first = inner.urgent.pop_front();
        match first.or_else(|| inner.usual.pop_front()) {
            Some(job) => Next::Job(job),
            None if inner.closed => Next::Closed,
            None => Next::Idle,
        }
    }

    /// How many are waiting.
    pub fn len(&self) -> usize {
        let inner = self.lock();
        inner.urgent.len() + inner.usual.len()
    }

    /// Takes nothing any more. What waits is still given out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.more.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(queue: &Queue<u32>) -> Option<u32> {
        match queue.pop(Duration::ZERO) {
            Next::Job(job) => Some(job),
            Next::Idle | Next::Closed => None,
        }
    }

    #[test]
    fn what_is_urgent_goes_first_and_has_room_of_its_own() {
        let queue = Queue::new(2, 1);
        assert_eq!(queue.push(1, Urgency::Usual), Ok(()));
        assert_eq!(queue.push(2, Urgency::Usual), Err((2, Refused::Full)));
        assert_eq!(queue.push(3, Urgency::Urgent), Ok(()));
        assert_eq!(queue.push(4, Urgency::Urgent), Ok(()));
        assert_eq!(queue.push(5, Urgency::Urgent), Err((5, Refused::Full)));
        assert_eq!([next(&queue), next(&queue), next(&queue)], [Some(3), Some(4), Some(1)]);
        assert!(matches!(queue.pop(Duration::ZERO), Next::Idle));
    }

    #[test]
    fn a_closed_queue_gives_out_what_is_left() {
        let queue = Queue::new(9, 9);
        assert_eq!(queue.push(1, Urgency::Usual), Ok(()));
        queue.close();
        assert_eq!(queue.push(2, Urgency::Urgent), Err((2, Refused::Closed)));
        assert_eq!(next(&queue), Some(1));
        assert!(matches!(queue.pop(Duration::from_secs(100)), Next::Closed));
    }
}
