-- Alerts that a sink refuses for good, what people found of violations, and files that wait to be put elsewhere.

ALTER TABLE outbox ADD COLUMN refused INTEGER;
ALTER TABLE outbox ADD COLUMN why TEXT;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (sink, sequence) WHERE delivered IS NULL AND refused IS NULL;
CREATE INDEX outbox_refused ON outbox (sink, sequence) WHERE refused IS NOT NULL;

CREATE TABLE verdicts (
    violation TEXT NOT NULL REFERENCES violations (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    verdict TEXT NOT NULL,
    cause TEXT,
    came INTEGER NOT NULL,
    PRIMARY KEY (violation, at, who)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    name TEXT PRIMARY KEY REFERENCES evidence (name) ON DELETE CASCADE,
    is_clip INTEGER NOT NULL,
    made INTEGER NOT NULL,
    refused INTEGER,
    why TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_waiting ON uploads (is_clip, made) WHERE refused IS NULL;
