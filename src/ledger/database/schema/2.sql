-- What became of a camera on a day of the site: when it begins, in microseconds since 1970, and the rest as packed JSON.

CREATE TABLE outcomes (
    camera TEXT NOT NULL,
    day TEXT NOT NULL,
    began INTEGER NOT NULL,
    outcome BLOB NOT NULL,
    PRIMARY KEY (camera, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX outcomes_day ON outcomes (day);
