use std::fs;

use crate::config::Config;

/// Where nothing tells how much memory there is.
const UNKNOWN: u64 = 2 << 30;

/// A quarter of the memory that this program may use, in bytes: the machine's, or less where its control group says so.
pub(super) fn quarter() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| told(&text, "MemTotal:"));
    let group =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    [machine, group].into_iter().flatten().min().unwrap_or(UNKNOWN) / 4
}

/// A camera has at least so much of each: some seconds.
const SMALLEST: u64 = 4 << 20;

/// What each camera may hold of all the memory for pictures, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    /// Its ring: half of its memory.
    pub ring: usize,
    /// What waits on its way to its thread, and what waits there for its turn: a quarter each.
    pub waiting: usize,
    pub held: usize,
}

impl Shares {
    /// As many as there are cameras.
    pub fn of(config: &Config) -> Self {
        let memory = config.memory.map_or_else(quarter, |memory| memory.0);
        Self::between(memory, config.cameras.len())
    }

    fn between(memory: u64, cameras: usize) -> Self {
        let each = memory / cameras.max(1) as u64;
        let share = |part: u64| usize::try_from((each / part).max(SMALLEST)).unwrap_or(usize::MAX);
        Self { ring: share(2), waiting: share(4), held: share(4) }
    }
}

/// The memory that this program takes, in bytes.
pub(super) fn resident() -> Option<u64> {
    told(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// What the kernel tells under a name, in bytes.
fn told(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        assert_eq!(told("MemTotal:       16384 kB\nMemFree: 1 kB\n", "MemTotal:"), Some(16 << 20));
        assert_eq!(told("nothing", "MemTotal:"), None);
        assert!(quarter() > 1 << 20);
    }

    #[test]
    fn cameras_share_all_there_is_and_none_has_less_than_some_seconds() {
        let Shares { ring, waiting, held } = Shares::between(512 << 20, 8);
        assert_eq!((ring, waiting, held), (32 << 20, 16 << 20, 16 << 20));
        assert_eq!(8 * (ring + waiting + held), 512 << 20);
        let small = Shares::between(64 << 20, 100);
        assert_eq!((small.ring, small.waiting, small.held), (4 << 20, 4 << 20, 4 << 20));
        assert_eq!(Shares::between(1 << 30, 0), Shares::between(1 << 30, 1));
    }
}
