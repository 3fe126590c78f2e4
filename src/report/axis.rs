//! Ticks of a timeline, at round times on the wall.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// Steps that people read easily, in seconds.
const STEPS: [i64; 21] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200, 86_400,
    172_800, 604_800,
];
/// So many ticks fit beside each other on a narrow screen.
const MOST: i64 = 6;

/// A tick: how far along the axis, 0 to 1, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub label: String,
}

/// Ticks of an axis that begins at `start` and spans `length`, at multiples of a round step of local time.
pub fn ticks(start: Timestamp, length: Duration, zone: &TimeZone) -> Vec<Tick> {
    let whole = length.as_secs_f64();
    if whole <= 0.0 {
        return Vec::new();
    }
    let step = STEPS.into_iter().find(|step| *step as f64 * MOST as f64 >= whole).unwrap_or(2_592_000);
    let offset = i64::from(zone.to_offset(start).seconds());
    let begin = start.as_millisecond() as f64 / 1e3 + offset as f64;
    let first = (begin / step as f64).ceil() as i64 * step;
    let format = match step {
        s if s < 60 => "%H:%M:%S",
        s if s < 86_400 => "%H:%M",
        _ => "%m-%d",
    };
    let mut ticks = Vec::new();
    for n in 0..=MOST {
        let ahead = (first + n * step) as f64 - begin;
        if ahead > whole {
            break;
        }
        let Ok(wall) = start.checked_add(SignedDuration::from_millis((ahead * 1e3).round() as i64)) else {
            break;
        };
        let label = zone.to_datetime(wall).strftime(format).to_string();
        ticks.push(Tick { at: ahead / whole, label });
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_stand_at_round_local_times() {
        let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
        let start = "2026-11-24T12:34:56Z".parse().expect("a time");
        let ticks = ticks(start, Duration::from_secs(12 * 3600), &zone);
        let labels: Vec<&str> = ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["22:00", "00:00", "02:00", "04:00", "06:00", "08:00"]);
        assert!((ticks[0].at - 5_104.0 / 43_200.0).abs() < 1e-9);
    }

    #[test]
    fn an_empty_axis_has_none() {
        assert!(ticks(Timestamp::UNIX_EPOCH, Duration::ZERO, &TimeZone::UTC).is_empty());
    }
}
