//! Hours and weekdays during which a rule holds.

use std::fmt;

use jiff::{
    Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that is no span of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no schedule: write days and hours, such as \"mon-fri 20:00-08:00\", \"sat,sun 00:00-24:00\" or \
     \"08:00-18:00\" for every day"
)]
pub struct ScheduleError(String);

/// One line of a schedule: on these days, from this time to that. An end at or before the start lies on the next
/// day, so the span then belongs to the day it begins on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = pattern()))]
pub struct Hours {
    text: String,
    days: Vec<Weekday>,
    /// Minutes since midnight, 0 to 1439.
    from: u16,
    /// Minutes since midnight, 1 to 1440.
    to: u16,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Hours {
    /// Reads `DAYS HH:MM-HH:MM` or `HH:MM-HH:MM`; days are `mon`, `mon-fri`, `sat,sun`.
    ///
    /// # Errors
    /// [`ScheduleError`] where the text is neither.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let error = || ScheduleError(text.chars().take(60).collect());
        let lower = text.trim().to_ascii_lowercase();
        let (days, hours) = match lower.split_once(char::is_whitespace) {
            Some((days, hours)) if days.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                (parse_days(days).ok_or_else(error)?, hours.trim())
            }
            _ => (DAYS.map(|(_, day)| day).to_vec(), lower.as_str()),
        };
        let (from, to) = hours.split_once('-').ok_or_else(error)?;
        let from = parse_minutes(from).filter(|m| *m < 1440).ok_or_else(error)?;
        let to = parse_minutes(to).ok_or_else(error)?;
        if from == to {
            return Err(error());
        }
        Ok(Self { text: text.trim().to_owned(), days, from, to: if to == 0 { 1440 } else { to } })
    }

    fn holds(&self, weekday: Weekday, minute: u16) -> bool {
        let on = |day: Weekday| self.days.contains(&day);
        if self.from < self.to {
            on(weekday) && minute >= self.from && minute < self.to
        } else {
            (on(weekday) && minute >= self.from) || (on(weekday.previous()) && minute < self.to)
        }
    }
}

/// What [`Hours::parse`] accepts, as a pattern of JSON Schema, which knows no "either case".
fn pattern() -> String {
    let either_case = |(day, _): (&str, Weekday)| {
        day.chars().map(|c| format!("[{}{c}]", c.to_ascii_uppercase())).collect::<String>()
    };
    let day = format!("({})", DAYS.map(either_case).join("|"));
    let days = format!("{day}(-{day})?");
    let time = "([01]?[0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9]|24:00)";
    format!(r"^\s*({days}(,{days})*\s+)?{time}\s*-\s*{time}\s*$")
}

fn parse_days(text: &str) -> Option<Vec<Weekday>> {
    let mut days = Vec::new();
    let named = |name: &str| DAYS.into_iter().find(|(day, _)| *day == name).map(|(_, day)| day);
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (named(first)?, named(last)?),
            None => (named(part)?, named(part)?),
        };
        let mut day = first;
        days.push(day);
        while day != last {
            day = day.next();
            days.push(day);
        }
    }
    Some(days)
}

fn parse_minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    // Numbers in Rust may have a sign, hours have none.
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if minutes.len() != 2 || hours.is_empty() || hours.len() > 2 || !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (minutes < 60 && (hours < 24 || (hours == 24 && minutes == 0))).then_some(hours * 60 + minutes)
}

impl TryFrom<String> for Hours {
    type Error = ScheduleError;

    fn try_from(text: String) -> Result<Self, ScheduleError> {
        Self::parse(&text)
    }
}

impl From<Hours> for String {
    fn from(span: Hours) -> Self {
        span.text
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// When a rule holds: during any of its spans, or always where it has none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Schedule(Vec<Hours>);

impl Schedule {
    /// From its spans.
    pub fn new(spans: Vec<Hours>) -> Self {
        Self(spans)
    }

    /// Whether it holds always.
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds at `wall` in `zone`.
    pub fn holds(&self, wall: Timestamp, zone: &TimeZone) -> bool {
        if self.is_always() {
            return true;
        }
        let local = zone.to_datetime(wall);
        let time: Time = local.time();
        let minute = u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).unwrap_or(0);
        self.0.iter().any(|span| span.holds(local.weekday(), minute))
    }

    /// Whether there is a time between `from` and `to`, at both of which it holds, at which it does not. Hours begin and end with
    /// minutes, and after a week they come again.
    pub fn lapses(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> bool {
        const MINUTE: i64 = 60;
        const WEEK: i64 = 7 * 24 * 60;
        let first = from.as_second().div_euclid(MINUTE) + 1;
        let last = to.as_second().div_euclid(MINUTE).min(first.saturating_add(WEEK));
        !self.is_always()
            && (first..=last)
                .filter_map(|minute| Timestamp::from_second(minute.checked_mul(MINUTE)?).ok())
                .any(|wall| !self.holds(wall, zone))
    }
}

impl fmt::Display for Schedule {
    /// Its spans as written, with `; ` between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, span) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            span.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(span: &str, wall: &str) -> bool {
        let zone = TimeZone::get("Asia/Shanghai").expect("a known zone");
        let schedule = Schedule::new(vec![Hours::parse(span).expect("a span")]);
        schedule.holds(wall.parse().expect("a timestamp"), &zone)
    }

    #[test]
    fn holds_across_midnight_in_the_site_s_time_zone() {
        // 2026-11-27 is a Friday; 12:00 UTC is 20:00 in Shanghai.
        assert!(holds("mon-fri 20:00-08:00", "2026-11-27T12:00:00Z"));
        assert!(!holds("mon-fri 20:00-08:00", "2026-11-27T11:59:59Z"));
        // The night that begins on Friday goes on into Saturday morning; Saturday's own evening is not in it.
        assert!(holds("mon-fri 20:00-08:00", "2026-11-27T23:59:59Z"));
        assert!(!holds("mon-fri 20:00-08:00", "2026-11-28T00:00:00Z"));
        assert!(!holds("mon-fri 20:00-08:00", "2026-11-28T13:00:00Z"));
    }

    #[test]
    fn days_may_wrap_around_the_week_and_be_listed() {
        assert!(holds("sat-mon 00:00-24:00", "2026-11-29T04:00:00Z"));
        assert!(!holds("sat-mon 00:00-24:00", "2026-12-01T04:00:00Z"));
        assert!(holds("tue,thu 08:00-18:00", "2026-12-01T04:00:00Z"));
        assert!(holds("08:00-18:00", "2026-12-01T04:00:00Z"));
        assert!(holds("08:00 - 18:00", "2026-12-01T04:00:00Z"));
        assert!(!holds("mon 08:00 - 18:00", "2026-12-01T04:00:00Z"));
    }

    #[test]
    fn hours_that_end_and_begin_again_between_two_times_lapse() {
        let zone = TimeZone::get("Asia/Shanghai").expect("a known zone");
        let lapses = |span: &str, from: &str, to: &str| {
            let schedule = Schedule::new(vec![Hours::parse(span).expect("a span")]);
            schedule.lapses(from.parse().expect("a timestamp"), to.parse().expect("a timestamp"), &zone)
        };
        // From two minutes to six in the evening to a minute past eight the next morning.
        assert!(lapses("08:00-18:00", "2026-11-27T09:58:00Z", "2026-11-28T00:01:00Z"));
        assert!(!lapses("08:00-18:00", "2026-11-27T00:00:00Z", "2026-11-27T09:59:59Z"));
        assert!(lapses("sat,sun 00:00-24:00", "2026-11-29T04:00:00Z", "2026-12-05T04:00:00Z"));
        assert!(!lapses("00:00-24:00", "2020-11-29T04:00:00Z", "2026-12-05T04:00:00Z"));
        assert!(!Schedule::default().lapses(Timestamp::MIN, Timestamp::MAX, &zone));
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "mon",
            "mon 8-18",
            "fun 08:00-18:00",
            "08:00-08:00",
            "25:00-26:00",
            "08:60-09:00",
            "mon- 08:00-09:00",
            "24:00-08:00",
            "+8:00-18:00",
            "08:+5-18:00",
        ] {
            assert!(Hours::parse(text).is_err(), "{text}");
        }
    }
}
