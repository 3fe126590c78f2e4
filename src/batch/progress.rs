//! How far long work has come: a bar on a terminal, plain lines elsewhere.

use std::{
    collections::BTreeMap,
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    domain::{CameraId, MediaTime},
    engine::Progress,
    say::say,
};

/// Without a terminal a line is printed at most this often.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Progress over the media time of all cameras.
pub struct Bar {
    bar: Option<ProgressBar>,
    total: Duration,
    began: Instant,
    state: Mutex<Shown>,
}

struct Shown {
    reached: BTreeMap<CameraId, MediaTime>,
    said: Instant,
}

impl Bar {
    /// Begins; `total` is how much media time there is as far as it is known beforehand.
    pub fn new(total: Duration) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(total.as_millis() as u64), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{bar:24} {percent:>3}%  {msg}") {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, total, began: now, state: Mutex::new(Shown { reached: BTreeMap::new(), said: now }) }
    }

    /// Ends; the bar is taken away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bar {
    fn reached(&self, camera: &CameraId, file: Option<&str>, at: MediaTime) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.reached.get_mut(camera) {
            Some(reached) => *reached = (*reached).max(at),
            None => {
                state.reached.insert(camera.clone(), at);
            }
        }
        let done: Duration = state.reached.values().map(|at| at.since(MediaTime::ZERO)).sum();
        let took = self.began.elapsed().as_secs_f64().max(1e-3);
        let speed = done.as_secs_f64() / took;
        let left = self.total.saturating_sub(done).as_secs_f64() / speed.max(1e-9);
        let left = if self.total > done { format!(", {} left", minutes(left)) } else { String::new() };
        let file = file.unwrap_or("-");
        if let Some(bar) = &self.bar {
            bar.set_position(done.as_millis() as u64);
            bar.set_message(format!("{camera} {file}  {speed:.0}× real time{left}"));
        } else if state.said.elapsed() >= PLAIN_EVERY {
            state.said = Instant::now();
            let percent = 100.0 * done.as_secs_f64() / self.total.as_secs_f64().max(1e-3);
            say(format_args!(
                "{:>3.0} %  {camera} {file} at {at}, {speed:.0}× real time{left}",
                percent.min(100.0)
            ));
        }
    }
}

fn minutes(seconds: f64) -> String {
    if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}
