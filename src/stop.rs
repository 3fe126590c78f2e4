//! The wish to stop: by hand (Ctrl-C), or by whoever ends programs.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

/// A sleeper looks so often whether it is to stop.
const NAP: Duration = Duration::from_millis(50);

/// What asks for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What `kill` and service managers send.
    Terminate,
}

impl Signal {
    const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    fn number(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
        }
    }

    /// The exit code of a program that it ended: 128 and its number, as shells count.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Whether long work is to stop. Copies of one `Stop` tell the same.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// The number of the signal; 0 where there was none.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// A stop that the signals of Ctrl-C and of `kill` set. The second of them ends the program at once, as if nobody
    /// listened.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        let again = Arc::new(AtomicBool::new(false));
        // The first two are called in this order, so that only the second signal meets what the first has left.
        for signal in Signal::ALL {
            let code = i32::from(signal.exit_code());
            flag::register_conditional_shutdown(signal.number(), code, Arc::clone(&again))?;
        }
        for signal in Signal::ALL {
            flag::register(signal.number(), Arc::clone(&again))?;
            let number = usize::try_from(signal.number()).unwrap_or(usize::MAX);
            flag::register_usize(signal.number(), Arc::clone(&stop.signal), number)?;
        }
        Ok(stop)
    }

    /// Sets it by hand.
    pub fn set(&self, signal: Signal) {
        let number = usize::try_from(signal.number()).unwrap_or(usize::MAX);
        self.signal.store(number, Ordering::SeqCst);
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// What asked for it; none where nothing did.
    pub fn signal(&self) -> Option<Signal> {
        let told = self.signal.load(Ordering::SeqCst);
        Signal::ALL.into_iter().find(|signal| usize::try_from(signal.number()) == Ok(told))
    }

    /// Sleeps, but no longer than until it is set.
    pub fn sleep(&self, time: Duration) {
        let Some(until) = Instant::now().checked_add(time) else { return };
        while !self.is_set() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(NAP));
        }
    }
}

/// A flag that is set whenever the program is sent SIGHUP, by which services are told to read their configuration again.
///
/// # Errors
/// Where the system refuses.
pub fn on_hangup() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    flag::register(SIGHUP, Arc::clone(&flag))?;
    Ok(flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_tells_the_same_and_no_sleep_outlasts_it() {
        let stop = Stop::default();
        let copy = stop.clone();
        assert_eq!((copy.is_set(), copy.signal()), (false, None));
        let sleeper = thread::spawn(move || copy.sleep(Duration::from_secs(3600)));
        stop.set(Signal::Terminate);
        sleeper.join().expect("it wakes");
        assert_eq!(stop.signal().map(Signal::exit_code), Some(143));
    }
}
