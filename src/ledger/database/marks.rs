//! What others decide of what is written down: who has it, who wants it again, what was found of it.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{queue::Mark, told::number};
use crate::domain::OutboxId;

/// Writes a mark, and tells how many rows it concerned. One of another outbox concerns none.
pub(super) fn write(
    connection: &Connection,
    mark: &Mark,
    own: OutboxId,
    wall: Timestamp,
) -> rusqlite::Result<u64> {
    let wall = wall.as_microsecond();
    let count = match mark {
        Mark::Delivered { outbox, .. } | Mark::Refused { outbox, .. } | Mark::Again { outbox, .. }
            if *outbox != own =>
        {
            0
        }
        Mark::Delivered { sink, sequences, .. } => {
            let mut mark = connection.prepare_cached(
                "UPDATE outbox SET delivered = ?3, refused = NULL, why = NULL \
                 WHERE sink = ?1 AND sequence = ?2 AND delivered IS NULL",
            )?;
            let mut count = 0;
            for sequence in sequences {
                count += mark.execute(params![sink, number(*sequence), wall])?;
            }
            count
        }
        Mark::Refused { sink, sequence, why, .. } => connection
            .prepare_cached(
                "UPDATE outbox SET refused = ?3, why = ?4 WHERE sink = ?1 AND sequence = ?2 AND delivered IS NULL",
            )?
            .execute(params![sink, number(*sequence), wall, why])?,
        Mark::Again { sink, sequences, most, .. } => connection
            .prepare_cached(
                "UPDATE outbox SET delivered = NULL WHERE sink = ?1 AND sequence IN (SELECT sequence FROM outbox \
                 WHERE sink = ?1 AND sequence BETWEEN ?2 AND ?3 AND delivered IS NOT NULL ORDER BY sequence LIMIT ?4)",
            )?
            .execute(params![sink, number(*sequences.start()), number(*sequences.end()), number(*most)])?,
        Mark::Verdict(verdict) => connection
            .prepare_cached(
                "INSERT INTO verdicts (violation, at, who, verdict, cause, came) \
                 SELECT id, ?2, ?3, ?4, ?5, ?6 FROM violations WHERE id = ?1 \
                 ON CONFLICT (violation, at, who) DO UPDATE SET verdict = ?4, cause = ?5, came = ?6",
            )?
            .execute(params![
                verdict.subject.to_string(),
                verdict.at.as_microsecond(),
                verdict.by,
                verdict.verdict.name(),
                verdict.cause,
                wall,
            ])?,
        Mark::Uploaded { name } => {
            connection.prepare_cached("DELETE FROM uploads WHERE name = ?1")?.execute([name])?
        }
        Mark::UploadPutOff { name, why } => connection
            .prepare_cached("UPDATE uploads SET why = ?2 WHERE name = ?1 AND refused IS NULL")?
            .execute(params![name, why])?,
        Mark::NotUploaded { name, why } => connection
            .prepare_cached("UPDATE uploads SET refused = ?2, why = ?3 WHERE name = ?1")?
            .execute(params![name, wall, why])?,
    };
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}
