//! What people are given of a day beside its evidence: its violations, what became of the cameras, the hashes of all.

use std::{fs, io};

use jiff::civil::Date;

use super::{
    Shared,
    days::{Due, put},
};
use crate::{
    domain::{EvidenceFile, Violation},
    results::{
        DAY_MANIFEST, Entry, OUTCOME, REPORT, REPORT_SUM, SUMS, Sums, VIOLATIONS, day::withdraw, sort,
        violation_lines,
    },
};

/// Exports the days that are due.
pub(super) fn due(shared: &Shared, days: Vec<(Date, Due)>) {
    for (day, due) in days {
        let began = shared.settings.clock.monotonic();
        match export(shared, day, due) {
            Ok(()) => shared.days.exported(day, due, began),
            Err(error) => {
                tracing::warn!(%day, "this day's lists of evidence cannot be written, which is tried again: {error}");
                shared.days.postpone(day);
            }
        }
    }
}

fn export(shared: &Shared, day: Date, due: Due) -> io::Result<()> {
    let folder = shared.days.folder(day);
    if !folder.join(DAY_MANIFEST).exists() {
        // Nothing was kept that day.
        return Ok(());
    }
    let (entries, removed) = shared.days.listed(day)?;
    let (from, to) = shared.days.bounds(day);
    let within = |violation: &Violation| {
        // What goes on over midnight is one of both days.
        violation.raised.as_ref().is_some_and(|raised| raised.wall < to)
            && violation.ended.as_ref().is_none_or(|ended| from <= ended.wall)
    };
    let known = (shared.settings.asked.violations)(from, to);
    let known =
        known.ok_or_else(|| io::Error::other("which violations there were cannot be read just now"))?;
    let mut violations: Vec<Violation> = known.into_iter().filter(within).collect();
    for violation in &mut violations {
        list(violation, &entries);
        withdraw(violation, &removed);
    }
    sort(&mut violations);
    // They tell of what was before.
    for stale in [SUMS, REPORT, REPORT_SUM] {
        match fs::remove_file(folder.join(stale)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    put(&folder, VIOLATIONS, &violation_lines(&violations))?;
    put(&folder, OUTCOME, &(shared.settings.asked.summary)(from, to).text())?;
    if due == Due::Afresh {
        return Ok(());
    }
    let mut sums = Sums::default();
    for name in [VIOLATIONS, OUTCOME, DAY_MANIFEST] {
        sums.hash(&folder, name)?;
    }
    for entry in entries.into_iter().filter(|entry| !removed.contains(&entry.name)) {
        sums.add(&entry.name, entry.sha256);
    }
    put(&folder, SUMS, sums.text().as_bytes())
}

/// Gives a violation the files that the day lists of it: they are what can be looked at here.
fn list(violation: &mut Violation, entries: &[Entry]) {
    let own = entries.iter().filter(|entry| entry.violation == violation.id);
    violation.evidence = own
        .map(|Entry { name, role, sha256, bytes, .. }| EvidenceFile {
            name: name.clone(),
            role: *role,
            sha256: sha256.clone(),
            bytes: *bytes,
            url: None,
        })
        .collect();
    violation.evidence.sort_by_key(|file| file.role);
    let there = &violation.evidence;
    violation.missing.retain(|missing| there.iter().all(|file| file.role != missing.role));
}
