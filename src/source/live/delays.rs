use std::collections::VecDeque;

/// How long packets take from the camera, as far as it can be told without its clock: when each came less its own time, of which
/// the least counts. What is more than that is waiting on the way.
///
/// The least of the last ten minutes is followed slowly, since clocks of cameras drift against the box's.
#[derive(Debug, Default)]
pub(super) struct Delays {
    /// The least of each spell, with when the spell began, in microseconds by the monotonic clock.
    spells: VecDeque<(i64, i64)>,
    /// What is told, and since when.
    told: Option<(i64, i64)>,
    began: Option<i64>,
}

/// The length of a spell, and of all of them.
const SPELL: i64 = 10_000_000;
const ALL: i64 = 600_000_000;
/// At first the delay is not known, and is believed at once: what was sent before somebody listened comes all at one time.
const AT_FIRST: i64 = 30_000_000;
/// After that it is followed by a hundredth of the time that passes.
const SLEW: i64 = 100;

impl Delays {
    /// Takes a packet of the camera's time `sent` that came at `came`, both in microseconds.
    pub fn take(&mut self, sent: i64, came: i64) {
        let delay = came.saturating_sub(sent);
        let began = *self.began.get_or_insert(came);
        match self.spells.back_mut() {
            Some((from, least)) if came.saturating_sub(*from) < SPELL => *least = delay.min(*least),
            _ => self.spells.push_back((came, delay)),
        }
        while self.spells.front().is_some_and(|(from, _)| came.saturating_sub(*from) > ALL) {
            self.spells.pop_front();
        }
        let least = self.spells.iter().map(|(_, least)| *least).min().unwrap_or(delay);
        let told = match self.told {
            Some((told, since)) if came.saturating_sub(began) > AT_FIRST => {
                let most = came.saturating_sub(since).max(0) / SLEW;
                told + (least - told).clamp(-most, most)
            }
            _ => least,
        };
        self.told = Some((told, came));
    }

    /// How long a packet takes at least, in microseconds; none before the first.
    pub fn least(&self) -> Option<i64> {
        self.told.map(|(told, _)| told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn what_waits_on_its_way_does_not_count() {
        let mut delays = Delays::default();
        assert_eq!(delays.least(), None);
        // The first second comes in one burst.
        for picture in 0..10 {
            delays.take(picture * SECOND / 10, SECOND);
        }
        assert_eq!(delays.least(), Some(SECOND / 10));
        for picture in 10..100 {
            let jitter = (picture * 7919) % 50 * 1_000;
            delays.take(picture * SECOND / 10, picture * SECOND / 10 + 30_000 + jitter);
        }
        assert_eq!(delays.least(), Some(30_000));
    }

    #[test]
    fn a_clock_that_drifts_is_followed_slowly() {
        let mut delays = Delays::default();
        // The camera's clock loses a thousandth: after an hour it is 3.6 s behind.
        for second in 0..3_600 {
            let came = second * SECOND;
            delays.take(came - came / 1_000, came);
        }
        let told = delays.least().expect("told");
        let (at_once, ten_minutes) = (3_600_000, 600_000);
        assert!((at_once - ten_minutes - 20_000..=at_once).contains(&told), "{told}");
        // A leap of a second is followed within 100 s of those that are to come.
        let mut before = told;
        for second in 3_600..5_000 {
            let came = second * SECOND;
            delays.take(came - came / 1_000 - SECOND, came);
            let told = delays.least().expect("told");
            assert!((told - before).abs() <= SECOND / 100 + 1);
            before = told;
        }
    }
}
