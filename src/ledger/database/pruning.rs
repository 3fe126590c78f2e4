//! What is no longer needed goes: by age, and by room.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, TransactionBehavior, params};

/// So many alerts go in one commit, so that nothing waits for long behind it.
const SLICE: i64 = 500;
/// So many pages are given back at once.
const PAGES: u32 = 2000;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How many bytes the database may take.
    pub budget: u64,
    /// How long an alert is kept once all sinks have it.
    pub keep_sent: Duration,
    /// How long violations that are over are kept.
    pub keep_violations: Duration,
}

/// What is left to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// There may be more that can go.
    More,
    /// Nothing.
    Nothing,
    /// What is kept takes more room than it may, and none of it can go.
    TooMuch,
}

/// Lets go of some of what need not be kept. Never of an alert that a sink does not have yet.
pub(super) fn prune(connection: &mut Connection, limits: Limits, now: Timestamp) -> rusqlite::Result<Left> {
    let before = |age: Duration| {
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        now.saturating_sub(age).map_or(i64::MIN, Timestamp::as_microsecond)
    };
    if alerts(connection, before(limits.keep_sent))? > 0 {
        return Ok(Left::More);
    }
    if violations(connection, before(limits.keep_violations))? > 0 {
        return Ok(Left::More);
    }
    let size = Size::of(connection)?;
    if size.used > limits.budget {
        return Ok(if alerts(connection, i64::MAX)? > 0 { Left::More } else { Left::TooMuch });
    }
    if size.whole > limits.budget && size.used < size.whole {
        let mut give_back = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        let mut rows = give_back.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        let after = Size::of(connection)?;
        return Ok(if after.whole < size.whole { Left::More } else { Left::Nothing });
    }
    Ok(Left::Nothing)
}

/// The oldest alerts that every sink has had since before this time.
fn alerts(connection: &mut Connection, before: i64) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let gone = transaction.execute(
        "DELETE FROM alerts WHERE sequence IN (SELECT a.sequence FROM alerts a WHERE a.made < ?1 AND NOT EXISTS \
         (SELECT 1 FROM outbox o WHERE o.sequence = a.sequence AND (o.delivered IS NULL OR o.delivered >= ?1)) \
         ORDER BY a.sequence LIMIT ?2)",
        params![before, SLICE],
    )?;
    transaction.commit()?;
    Ok(gone)
}

/// Violations that were over before this time and of which no alert is kept.
fn violations(connection: &mut Connection, before: i64) -> rusqlite::Result<usize> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let gone = {
        let mut find = transaction.prepare_cached(
            "SELECT v.id FROM violations v WHERE v.ended < ?1 AND NOT EXISTS \
             (SELECT 1 FROM alerts a WHERE a.violation = v.id) ORDER BY v.ended LIMIT ?2",
        )?;
        let rows = find.query_map(params![before, SLICE], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<Vec<String>>>()?
    };
    for id in &gone {
        for text in [
            "DELETE FROM evidence WHERE violation = ?1",
            "DELETE FROM missing WHERE violation = ?1",
            "DELETE FROM violations WHERE id = ?1",
        ] {
            transaction.prepare_cached(text)?.execute([id])?;
        }
    }
    transaction.commit()?;
    Ok(gone.len())
}

/// How much room the database takes, in bytes.
struct Size {
    whole: u64,
    /// Without pages that hold nothing.
    used: u64,
}

impl Size {
    fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let ask = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (page, pages, free) = (ask("page_size")?, ask("page_count")?, ask("freelist_count")?);
        let bytes = |pages: i64| u64::try_from(pages.saturating_mul(page)).unwrap_or(0);
        Ok(Self { whole: bytes(pages), used: bytes(pages - free) })
    }
}
