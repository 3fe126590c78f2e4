//! What the kernel tells of this machine and of processes (proc(5)).

use std::{fs, thread};

/// What figures are of: the processor, how many cores, the memory.
pub fn machine() -> String {
    let told = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let memory: f64 = told("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{}, {} cores, {:.0} GB", told("/proc/cpuinfo", "model name"), cores(), memory / 1e6)
}

/// How many cores this program may use.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Processor seconds that a process has used so far, user and system, its threads together.
pub fn used(id: u32) -> f64 {
    let told = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name before may hold anything.
    let fields: Vec<&str> = told.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
    let of = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    // Linux counts them in hundredths on every machine that this is built for.
    (of(11) + of(12)) / 100.0
}

/// The memory that a process takes, in MiB.
pub fn resident(id: u32) -> f64 {
    let told = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

/// This program and its arguments, as somebody else would type them.
pub fn command() -> String {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    words.join(" ")
}

/// The number below which a share of the numbers lie; of none 0.
pub fn quantile(numbers: &mut [f64], share: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = (share * numbers.len() as f64).ceil() as usize;
    numbers.get(at.saturating_sub(1)).copied().unwrap_or_default()
}

/// Their mean; of none 0.
pub fn mean(numbers: &[f64]) -> f64 {
    if numbers.is_empty() { 0.0 } else { numbers.iter().sum::<f64>() / numbers.len() as f64 }
}
