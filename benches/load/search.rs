use crate::watch::words::Result;

/// The largest number from 1 to `most` that holds, where what holds for a number holds for all that are smaller. `from` is tried
/// first. 0 where none holds.
pub fn search(from: usize, most: usize, mut holds: impl FnMut(usize) -> Result<bool>) -> Result<usize> {
    let (mut good, mut bad) = (0, most + 1);
    let mut next = from.clamp(1, most);
    while bad - good > 1 {
        if holds(next)? {
            good = next;
        } else {
            bad = next;
        }
        // Half as many again, until one is too many: more cost much to try.
        next = if bad > most { (good + good / 2 + 1).min(most) } else { good.midpoint(bad) };
    }
    Ok(good)
}
