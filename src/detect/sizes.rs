//! Which sizes of input a model takes beside its own. Nothing but a try tells, and workers that went by tries of their own
//! would see different sizes after a failure that has nothing to do with the size: so one try counts for all of them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Columns and rows of an input.
pub(super) type Size = (u32, u32);

/// Whether a model takes a size.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<T> {
    /// It does. What the try made is there where there was need of one.
    Takes(Option<T>),
    /// It does not.
    Refuses,
}

/// What is known of the sizes of one model, which all workers share.
#[derive(Debug, Default)]
pub(super) struct Sizes(Mutex<BTreeMap<Size, bool>>);

impl Sizes {
    /// Whether `size` is taken, where `own` surely is. `attempt` makes a session of a size and runs it once.
    ///
    /// A size is refused where it fails twice and the model's own size does not fail in between. Workers that meet the size
    /// meanwhile wait for the answer.
    ///
    /// # Errors
    /// That of the try, where the model's own size fails as well: then nothing is known of the size, and the next worker
    /// tries it again.
    pub fn find<T, E>(
        &self,
        size: Size,
        own: Size,
        mut attempt: impl FnMut(Size) -> Result<T, E>,
    ) -> Result<Verdict<T>, E> {
        // A worker that panicked while it tried has noted nothing.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&size) {
            Some(true) => return Ok(Verdict::Takes(None)),
            Some(false) => return Ok(Verdict::Refuses),
            None => {}
        }
        let made = match attempt(size) {
            Ok(made) => Some(made),
            Err(error) if attempt(own).is_err() => return Err(error),
            Err(_) => attempt(size).ok(),
        };
        known.insert(size, made.is_some());
        Ok(made.map_or(Verdict::Refuses, |made| Verdict::Takes(Some(made))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Size = (416, 416);
    const OTHER: Size = (416, 256);

    #[test]
    fn a_failure_that_passes_refuses_no_size_to_any_worker() {
        let sizes = Sizes::default();
        let mut tries = 0;
        let first = sizes.find(OTHER, OWN, |size| {
            tries += 1;
            if tries == 1 { Err("out of memory") } else { Ok(size) }
        });
        assert_eq!(first, Ok(Verdict::Takes(Some(OTHER))));
        let second = sizes.find(OTHER, OWN, |_| -> Result<Size, &str> { panic!("it is known") });
        assert_eq!(second, Ok(Verdict::Takes(None)));
    }

    #[test]
    fn a_size_that_is_refused_is_so_for_all_and_says_nothing_of_others() {
        let sizes = Sizes::default();
        let refuse = |size| if size == OTHER { Err("no such shape") } else { Ok(size) };
        assert_eq!(sizes.find(OTHER, OWN, refuse), Ok(Verdict::Refuses));
        let again = sizes.find(OTHER, OWN, |_| -> Result<Size, &str> { panic!("it is known") });
        assert_eq!(again, Ok(Verdict::Refuses));
        assert_eq!(sizes.find((224, 416), OWN, refuse), Ok(Verdict::Takes(Some((224, 416)))));
    }

    #[test]
    fn what_fails_at_the_model_s_own_size_too_decides_nothing() {
        let sizes = Sizes::default();
        assert_eq!(sizes.find(OTHER, OWN, |_| -> Result<Size, &str> { Err("no device") }), Err("no device"));
        assert_eq!(sizes.find(OTHER, OWN, Ok::<_, &str>), Ok(Verdict::Takes(Some(OTHER))));
    }

    #[test]
    fn workers_that_meet_a_size_at_once_get_one_answer() {
        let (sizes, tries) = (Sizes::default(), std::sync::atomic::AtomicUsize::new(0));
        let found: Vec<_> = std::thread::scope(|scope| {
            let worker = || {
                sizes.find(OTHER, OWN, |size| {
                    // Only the first try of all fails.
                    let before = tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if before == 0 { Err("out of memory") } else { Ok(size) }
                })
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(worker)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(found.iter().all(|found| matches!(found, Ok(Verdict::Takes(_)))), "{found:?}");
    }
}
