-- Times are microseconds since 1970 on the wall, UTC. Ids are texts.

CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    outbox TEXT NOT NULL,
    made INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE cameras (
    camera TEXT PRIMARY KEY,
    saved INTEGER NOT NULL,
    state BLOB NOT NULL
) STRICT;

CREATE TABLE violations (
    id TEXT PRIMARY KEY,
    camera TEXT NOT NULL,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    phase TEXT NOT NULL,
    started INTEGER NOT NULL,
    raised INTEGER,
    ended INTEGER,
    told_warned INTEGER NOT NULL,
    told_raised INTEGER NOT NULL,
    told_updated INTEGER NOT NULL,
    told_ended INTEGER NOT NULL,
    explanation TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT;
CREATE INDEX violations_raised ON violations (raised) WHERE raised IS NOT NULL;
CREATE INDEX violations_ended ON violations (ended) WHERE ended IS NOT NULL;

CREATE TABLE evidence (
    name TEXT PRIMARY KEY,
    violation TEXT NOT NULL,
    role TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    made INTEGER NOT NULL,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_violation ON evidence (violation);

CREATE TABLE missing (
    violation TEXT NOT NULL,
    role TEXT NOT NULL,
    what TEXT NOT NULL,
    PRIMARY KEY (violation, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    camera TEXT NOT NULL,
    violation TEXT REFERENCES violations (id),
    type TEXT NOT NULL,
    time INTEGER NOT NULL,
    number INTEGER NOT NULL,
    made INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_violation ON alerts (violation) WHERE violation IS NOT NULL;

CREATE TABLE outbox (
    sink TEXT NOT NULL,
    sequence INTEGER NOT NULL REFERENCES alerts (sequence) ON DELETE CASCADE,
    delivered INTEGER,
    PRIMARY KEY (sink, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_sequence ON outbox (sequence);
CREATE INDEX outbox_waiting ON outbox (sink, sequence) WHERE delivered IS NULL;

CREATE TABLE days (
    day TEXT PRIMARY KEY,
    closed INTEGER,
    written INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
