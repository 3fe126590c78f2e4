//! Times and sizes as people write them.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::Said;

/// Seconds with as many decimals as matter.
pub fn seconds(duration: Duration) -> String {
    let s = duration.as_secs_f64();
    let whole = ((s * 10.0).round() as u64).is_multiple_of(10);
    if s < 60.0 && !whole { format!("{s:.1}") } else { format!("{s:.0}") }
}

/// A span of time in words.
pub fn lasting(duration: Duration) -> Said {
    if duration < Duration::from_secs(60) {
        let s = seconds(duration);
        return (format!("{s} 秒"), format!("{s} s"));
    }
    let all = duration.as_secs_f64().round() as u64;
    let (h, m, s) = (all / 3600, all / 60 % 60, all % 60);
    let parts = [(h, " 小时", " h"), (m, " 分", " min"), (s, " 秒", " s")];
    let word = |pick: fn(&(u64, &'static str, &'static str)) -> &'static str| {
        let said = parts.iter().filter(|part| part.0 > 0).map(|part| format!("{}{}", part.0, pick(part)));
        said.collect::<Vec<_>>().join(" ")
    };
    (word(|p| p.1), word(|p| p.2))
}

/// A wall time in the site's time zone, to the second.
pub fn local(wall: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(wall).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A size in the units of file managers.
pub fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1_000_000_000 => format!("{:.1} GB", b as f64 / 1e9),
        b if b >= 1_000_000 => format!("{:.1} MB", b as f64 / 1e6),
        b => format!("{:.0} kB", (b as f64 / 1e3).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_as_people_say_them() {
        for (s, zh, en) in [
            (0.0, "0 秒", "0 s"),
            (6.44, "6.4 秒", "6.4 s"),
            (59.0, "59 秒", "59 s"),
            (60.0, "1 分", "1 min"),
            (3_723.0, "1 小时 2 分 3 秒", "1 h 2 min 3 s"),
            (86_400.0, "24 小时", "24 h"),
        ] {
            assert_eq!(lasting(Duration::from_secs_f64(s)), (zh.to_owned(), en.to_owned()));
        }
    }
}
