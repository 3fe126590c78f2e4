//! What messages in chat groups say around the names of things.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{Pair, Said, lasting, local};
use crate::domain::AlertType;

/// How many alerts one message tells of, and which of them are urgent, by kind.
pub fn several(count: usize, urgent: &[(Pair, usize)]) -> Said {
    let (zh, en) = (format!("{count} 条消息"), format!("{count} alerts"));
    if urgent.is_empty() {
        return (zh, en);
    }
    let kinds = counted(urgent);
    (format!("{zh}，紧急：{}", kinds.0), format!("{en}, urgent: {}", kinds.1))
}

/// How many alerts of something there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What they are of.
    pub name: Pair,
    /// How many of each phase, where it has phases.
    pub phases: Vec<(Pair, usize)>,
    /// How many in all.
    pub count: usize,
}

/// How many alerts a message has no room for, by what they are of.
pub fn more(count: usize, of: &[Counted]) -> Said {
    let one = |Counted { name, phases, count }: &Counted| {
        if phases.is_empty() {
            return (format!("{} {count}", name.0), format!("{} {count}", name.1));
        }
        let phases = (list(phases, |pair| pair.0, "、"), list(phases, |pair| pair.1, ", "));
        (format!("{} {}", name.0, phases.0), format!("{} ({})", name.1, phases.1))
    };
    let (zh, en): (Vec<String>, Vec<String>) = of.iter().map(one).unzip();
    (format!("另有 {count} 条：{}", zh.join("，")), format!("{count} more: {}", en.join(", ")))
}

/// What became of a violation, where its name stands beside it; `was_raised` tells whether it was more than warned about.
pub fn phase(alert: AlertType, was_raised: bool) -> Pair {
    match alert {
        AlertType::ViolationWarned => ("预警", "warned"),
        AlertType::ViolationEnded if was_raised => ("解除", "over"),
        AlertType::ViolationEnded => ("预警解除", "warning over"),
        _ => ("告警", "raised"),
    }
}

fn counted(kinds: &[(Pair, usize)]) -> Said {
    (list(kinds, |name| name.0, "，"), list(kinds, |name| name.1, ", "))
}

fn list(counts: &[(Pair, usize)], pick: fn(Pair) -> &'static str, between: &str) -> String {
    let said = counts.iter().map(|(name, count)| format!("{} {count}", pick(*name)));
    said.collect::<Vec<_>>().join(between)
}

/// What is told, of what.
pub fn headline(alert: Pair, of: Pair) -> Said {
    (format!("{}：{}", alert.0, of.0), format!("{}: {}", alert.1, of.1))
}

/// What was only warned about is over.
pub fn warning_over() -> Pair {
    ("违规预警解除", "warning over")
}

/// It was lost sight of before it ended.
pub fn lost_sight() -> Pair {
    ("此后情况不明", "what came after is not known")
}

/// Since when something is so.
pub fn since(from: Timestamp, zone: &TimeZone) -> Said {
    let from = local(from, zone);
    (format!("自 {from} 起"), format!("since {from}"))
}

/// From when to when something was so.
pub fn spell(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Said {
    let long = lasting(Duration::try_from(to.duration_since(from)).unwrap_or_default());
    let (from, to) = (local(from, zone), local(to, zone));
    (format!("{from} 至 {to}，持续 {}", long.0), format!("{from} to {to}, {}", long.1))
}

/// A message by which somebody tries whether alerts arrive.
pub fn test(site: &str, r#box: &str) -> Said {
    (
        format!("试验消息：用于检验告警能否送达本群，不是告警。\n站点：{site}\n设备：{box}"),
        format!("Test message: it shows that alerts arrive here, and is none.\nsite: {site}\nbox: {box}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_is_told_in_the_sites_time_zone() {
        let zone = TimeZone::get("Asia/Shanghai").expect("a time zone");
        let [from, to] = ["2026-11-24T15:59:00Z", "2026-11-24T16:00:30Z"].map(|t| t.parse().expect("a time"));
        assert_eq!(since(from, &zone).0, "自 2026-11-24 23:59:00 起");
        assert_eq!(spell(from, to, &zone).0, "2026-11-24 23:59:00 至 2026-11-25 00:00:30，持续 1 分 30 秒");
        // A clock that was set back.
        assert!(spell(to, from, &zone).1.ends_with(", 0 s"));
    }

    #[test]
    fn kinds_are_counted() {
        let kinds = [(("甲", "a"), 8), (("乙", "b"), 4)];
        let phases =
            vec![(phase(AlertType::ViolationRaised, true), 5), (phase(AlertType::ViolationEnded, true), 3)];
        let of = [
            Counted { name: ("甲", "a"), phases, count: 8 },
            Counted { name: ("乙", "b"), phases: vec![], count: 4 },
        ];
        let said = ("另有 12 条：甲 告警 5、解除 3，乙 4", "12 more: a (raised 5, over 3), b 4");
        assert_eq!(more(12, &of), (said.0.to_owned(), said.1.to_owned()));
        assert_eq!(several(3, &[]).0, "3 条消息");
        assert_eq!(several(3, &kinds[1..]).1, "3 alerts, urgent: b 4");
    }
}
