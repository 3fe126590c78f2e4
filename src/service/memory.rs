use std::fs;

/// Where nothing tells how much memory there is.
const UNKNOWN: u64 = 2 << 30;

/// A quarter of the memory that this program may use, in bytes: the machine's, or less where its control group says so.
pub(super) fn quarter() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| told(&text, "MemTotal:"));
    let group =
        fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    [machine, group].into_iter().flatten().min().unwrap_or(UNKNOWN) / 4
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
}
