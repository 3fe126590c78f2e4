//! The tables, and how a database of an earlier version becomes one of this. What each holds is told in
//! `docs/design/database.md`.
//!
//! A version that was released is never changed: another is added after it.

use rusqlite::{Connection, TransactionBehavior};

/// The text of each version, from the first on. `user_version` counts those that a database has seen.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

/// The newest version that this program knows.
pub(super) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The version of a database; 0 for an empty one.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a database to the newest version, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    for (index, text) in MIGRATIONS.iter().enumerate() {
        let to = i64::try_from(index + 1).unwrap_or(i64::MAX);
        if version(connection)? >= to {
            continue;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(text)?;
        transaction.pragma_update(None, "user_version", to)?;
        transaction.commit()?;
    }
    Ok(())
}
