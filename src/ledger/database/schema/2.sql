-- A camera's day at a glance: when its columns begin, in microseconds since 1970, and the timeline as packed JSON.

CREATE TABLE timelines (
    camera TEXT NOT NULL,
    day TEXT NOT NULL,
    began INTEGER NOT NULL,
    timeline BLOB NOT NULL,
    PRIMARY KEY (camera, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX timelines_day ON timelines (day);
