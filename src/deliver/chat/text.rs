//! What people read in a group: alerts as text, Chinese first, as much of it as a message may hold.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::{
    deliver::About,
    domain::{
        Alert, AlertBody, AlertType, CameraFact, CameraHealth, Count, EvidenceRole, Kind, Violation,
        ViolationData,
    },
    files,
    kinds::{
        urgency::{Urgency, urgency},
        words::names,
    },
    words::{
        self, Pair, Said,
        chat::{self, Counted},
    },
};

/// The last line of every message: robots that ask for a keyword are told this one.
pub(super) const SIGNATURE: &str = "Firewarden";
/// What stands where a text is cut off.
const CUT: &str = "…";

/// What clients read in a text beside its characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::deliver) enum Reading {
    /// Tags and mentions.
    Mentions,
    /// Also links, and letters that are bold or slanted.
    Marks,
}

/// An alert as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub urgency: Urgency,
    /// As what it is counted where there is no room for it.
    of: Of,
    headline: Said,
    details: Said,
    /// The name of the still that shows it, where there is one.
    pub still: Option<String>,
}

/// What an alert is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// A violation, and what became of it.
    Violation(Kind, Pair),
    Health(AlertType),
}

impl Of {
    fn name(self) -> Pair {
        match self {
            Self::Violation(kind, _) => names(kind).title,
            Self::Health(alert) => words::alert_type(alert),
        }
    }

    fn phase(self) -> Option<Pair> {
        match self {
            Self::Violation(_, phase) => Some(phase),
            Self::Health(_) => None,
        }
    }

    /// Violations come before health, each in the order in which they are listed.
    fn place(self) -> (bool, Option<Kind>, Option<AlertType>) {
        match self {
            Self::Violation(kind, _) => (false, Some(kind), None),
            Self::Health(alert) => (true, None, Some(alert)),
        }
    }
}

impl Told {
    /// None where it tells people nothing new.
    pub fn of(alert: &Alert, zone: &TimeZone, reading: Reading) -> Option<Self> {
        let (health, fact) = match &alert.body {
            AlertBody::ViolationWarned(data)
            | AlertBody::ViolationRaised(data)
            | AlertBody::ViolationEnded(data) => {
                return Some(Self::of_violation(alert.body.alert_type(), data, zone, reading));
            }
            AlertBody::ViolationUpdated(_) | AlertBody::BoxHeartbeat(_) => return None,
            AlertBody::CameraOffline(offline) => (&offline.health, CameraFact::Offline(offline.reason)),
            AlertBody::CameraOnline(health) => (health, CameraFact::Online),
            AlertBody::CameraObstructed(obstructed) => {
                (&obstructed.health, CameraFact::Obstructed(obstructed.reason))
            }
            AlertBody::CameraMoved(health) => (health, CameraFact::Moved),
            AlertBody::CameraClock(clock) => (&clock.health, CameraFact::Clock(clock.off_by)),
            AlertBody::CameraKeyframes(keyframes) => {
                (&keyframes.health, CameraFact::Keyframes(keyframes.interval))
            }
            AlertBody::CameraRestored(restored) => (&restored.health, CameraFact::Restored(restored.was)),
        };
        Some(Self::of_health(alert.body.alert_type(), health, fact, zone, reading))
    }

    fn of_violation(alert_type: AlertType, data: &ViolationData, zone: &TimeZone, reading: Reading) -> Self {
        let violation = &data.violation;
        let is_over = alert_type == AlertType::ViolationEnded;
        let called = if is_over && violation.raised.is_none() {
            chat::warning_over()
        } else {
            words::alert_type(alert_type)
        };
        // What is over can no longer be stopped.
        let urgency = if is_over { Urgency::Collected } else { urgency(violation.kind) };
        let is_raised = alert_type == AlertType::ViolationRaised;
        let still = violation.evidence.iter().find(|file| is_raised && file.role == EvidenceRole::Raised);
        Self {
            urgency,
            of: Of::Violation(violation.kind, chat::phase(alert_type, violation.raised.is_some())),
            headline: chat::headline(called, names(violation.kind).title),
            details: details(violation, is_over, zone, reading),
            still: still.map(|file| file.name.clone()),
        }
    }

    fn of_health(
        alert_type: AlertType,
        health: &CameraHealth,
        fact: CameraFact,
        zone: &TimeZone,
        reading: Reading,
    ) -> Self {
        let parts = [both(&plain(&health.camera_name, reading)), chat::since(health.since, zone)];
        Self {
            urgency: Urgency::Collected,
            of: Of::Health(alert_type),
            headline: words::fact(fact),
            details: joined(&parts),
            still: None,
        }
    }

    /// The same in one language, as lines.
    fn lines(&self, pick: fn(&Said) -> &str) -> String {
        format!("{}\n{}", pick(&self.headline), pick(&self.details))
    }
}

fn details(violation: &Violation, is_over: bool, zone: &TimeZone, reading: Reading) -> Said {
    let from = violation.started.wall;
    let when = match &violation.ended {
        Some(ended) if is_over => chat::spell(from, ended.wall, zone),
        _ => chat::since(from, zone),
    };
    let mut parts = vec![both(&plain(&violation.camera_name, reading)), when];
    parts.extend(violation.class.map(|class| owned(words::class(class))));
    parts.extend(violation.count.map(|Count { seen, required }| {
        let (zh, en) = names(violation.kind).presence;
        (format!("{zh} {seen}/{required}"), format!("{en} {seen}/{required}"))
    }));
    if is_over && violation.ended_unknown {
        parts.push(owned(chat::lost_sight()));
    }
    joined(&parts)
}

fn joined(parts: &[Said]) -> Said {
    let join = |pick: fn(&Said) -> &str, between| parts.iter().map(pick).collect::<Vec<_>>().join(between);
    (join(zh, "；"), join(en, "; "))
}

fn both(text: &str) -> Said {
    (text.to_owned(), text.to_owned())
}

fn owned((zh, en): Pair) -> Said {
    (zh.to_owned(), en.to_owned())
}

fn zh(said: &Said) -> &str {
    &said.0
}

fn en(said: &Said) -> &str {
    &said.1
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Composed {
    pub text: String,
    /// Which alerts it tells one by one. The others are counted.
    pub shown: Vec<usize>,
}

/// One message of all these alerts of a site, of `most` bytes at most.
pub(super) fn compose(told: &[&Told], about: &About, reading: Reading, most: usize) -> Composed {
    let site = plain(&about.site_name, reading);
    let (shown, more) = choose(told, &site, most);
    let block = |pick: fn(&Said) -> &str, [open, close]: [&str; 2]| {
        let mut text = format!("{open}{site}{close}");
        if told.len() > 1 {
            text.push_str(pick(&head(told)));
            text.push('\n');
        }
        let lines = shown.iter().filter_map(|index| told.get(*index)).map(|told| told.lines(pick));
        let more = more.iter().map(|more| pick(more).to_owned());
        text.push_str(&lines.chain(more).collect::<Vec<_>>().join("\n"));
        text
    };
    let text = [block(zh, ["【", "】"]), block(en, ["[", "] "])].join("\n\n");
    Composed { text: signed(&text, most), shown }
}

/// A message by which somebody tries whether alerts arrive.
pub(super) fn compose_test(about: &About, reading: Reading, most: usize) -> String {
    let (zh, en) = chat::test(&plain(&about.site_name, reading), &plain(&about.box_id, reading));
    signed(&[zh, en].join("\n\n"), most)
}

fn head(told: &[&Told]) -> Said {
    let urgent = told.iter().filter(|told| told.urgency == Urgency::Urgent);
    let counted = counted(urgent.map(|told| told.of));
    let kinds: Vec<(Pair, usize)> = counted.into_iter().map(|of| (of.name, of.count)).collect();
    chat::several(told.len(), &kinds)
}

/// How many there are of each, and of each phase of it.
fn counted(all: impl Iterator<Item = Of>) -> Vec<Counted> {
    let mut counts: BTreeMap<_, (Pair, BTreeMap<Pair, usize>, usize)> = BTreeMap::new();
    for of in all {
        let (_, phases, count) = counts.entry(of.place()).or_insert_with(|| (of.name(), BTreeMap::new(), 0));
        *count += 1;
        if let Some(phase) = of.phase() {
            *phases.entry(phase).or_default() += 1;
        }
    }
    let flat = |(name, phases, count): (Pair, BTreeMap<Pair, usize>, usize)| Counted {
        name,
        phases: phases.into_iter().collect(),
        count,
    };
    counts.into_values().map(flat).collect()
}

/// Which alerts a message tells one by one, and what it says of the others. What is urgent comes first, then what came first.
fn choose(told: &[&Told], site: &str, most: usize) -> (Vec<usize>, Option<Said>) {
    let size = |said: &Said| said.0.len() + said.1.len() + "\n\n".len();
    let around = 2 * (site.len() + "【】".len()) + size(&head(told)) + "\n\n\n\n".len() + SIGNATURE.len();
    let each: Vec<usize> = told.iter().map(|told| size(&told.headline) + size(&told.details)).collect();
    if told.len() == 1 || around + each.iter().sum::<usize>() <= most {
        return ((0..told.len()).collect(), None);
    }
    let rest = |shown: &[usize]| {
        let mut left = (0..told.len()).filter(|index| shown.binary_search(index).is_err()).peekable();
        left.peek()?;
        let left: Vec<Of> = left.filter_map(|index| Some(told.get(index)?.of)).collect();
        Some(chat::more(left.len(), &counted(left.into_iter())))
    };
    // Of fewer alerts no more is to be said than of all.
    let mut used = around + rest(&[]).as_ref().map_or(0, size);
    let mut order: Vec<(usize, &&Told)> = told.iter().enumerate().collect();
    order.sort_by_key(|(_, told)| told.urgency);
    let mut shown = Vec::new();
    for (index, _) in order {
        used += each.get(index).copied().unwrap_or_default();
        if used > most {
            break;
        }
        shown.push(index);
    }
    shown.sort_unstable();
    let more = rest(&shown);
    (shown, more)
}

fn signed(text: &str, most: usize) -> String {
    let end = format!("\n\n{SIGNATURE}");
    format!("{}{end}", cut(text, most.saturating_sub(end.len())))
}

/// A text of so many bytes at most. Where it is longer it ends at a character, and that is seen.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most.saturating_sub(CUT.len()));
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

/// A name as it may stand in a text: nothing in it is more than a character. What clients would read has its wide form, as
/// Chinese text writes it anyway.
pub(super) fn plain(name: &str, reading: Reading) -> String {
    files::visible(name).chars().map(|c| if is_read(c, reading) { wide(c) } else { c }).collect()
}

fn is_read(c: char, reading: Reading) -> bool {
    match reading {
        Reading::Mentions => "<>@&".contains(c),
        Reading::Marks => "<>@&*_~`[]()#|!\\".contains(c),
    }
}

/// The wide form of a character of ASCII.
fn wide(c: char) -> char {
    char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c)
}

#[cfg(test)]
mod tests;
