-- Sessions while they are open, runs when they are over, letters on their way.
-- Times of day are RFC 3339 in UTC; times within a session are milliseconds from its start.

CREATE TABLE session (
    id          TEXT PRIMARY KEY,
    runner      TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    zone_low    INTEGER,            -- the zone of the day, so that the session can be found back as it was
    zone_high   INTEGER,
    zone_origin TEXT,
    coaching_ms INTEGER,            -- when the runner said start; NULL for a strap that is merely worn
    course      TEXT                -- JSON: plan, step, legs; NULL for a free run
) STRICT;

-- the samples of open sessions; at the end they are packed into run_source
CREATE TABLE sample (
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,       -- two packets may share a millisecond
    at_ms   INTEGER NOT NULL,
    bpm     INTEGER NOT NULL,       -- as sent; 0 = the strap had no value
    contact INTEGER NOT NULL,       -- 0 unknown, 1 lost, 2 good
    rr      BLOB,                   -- raw RR words, uint16 little endian
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id              TEXT PRIMARY KEY,
    runner          TEXT NOT NULL,
    started_at      TEXT NOT NULL,
    duration_s      REAL NOT NULL,
    sport           TEXT NOT NULL,
    name            TEXT,
    distance_m      REAL,
    plan            TEXT,
    step            INTEGER,
    zone_low        INTEGER,
    zone_high       INTEGER,
    zone_origin     TEXT,
    samples         INTEGER NOT NULL,
    mean_bpm        REAL,
    max_bpm         INTEGER,
    min_bpm         INTEGER,
    coverage_pct    REAL NOT NULL,
    below_s         REAL,           -- NULL without a zone
    inside_s        REAL,
    above_s         REAL,
    unknown_s       REAL,
    calm_pct        REAL,
    verdict         TEXT NOT NULL,
    reason          TEXT,
    drift_pct       REAL,
    recovery_bpm    INTEGER,
    beats           INTEGER NOT NULL,
    artefact_pct    REAL,
    rmssd_ms        REAL
) STRICT;
CREATE INDEX run_by_time ON run (runner, started_at);

-- where a run's samples came from; one run may have several
CREATE TABLE run_source (
    run       TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    source    TEXT NOT NULL,        -- strap, file, archive, strava_api
    samples   BLOB NOT NULL,        -- see connectors/packing.py
    rr        BLOB,
    histogram BLOB NOT NULL,
    PRIMARY KEY (run, source)
) STRICT;

CREATE TABLE letter (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL,
    channel    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    title      TEXT NOT NULL,
    body       TEXT NOT NULL,
    written_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    next_at    TEXT NOT NULL,       -- not tried before this
    state      TEXT NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'sent', 'expired')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    UNIQUE (key, channel)
) STRICT;
CREATE INDEX letter_to_send ON letter (channel, next_at) WHERE state = 'due';

-- channels that have had trouble since they last were well
CREATE TABLE channel_health (
    channel        TEXT PRIMARY KEY,
    failures       INTEGER NOT NULL,
    reason         TEXT,
    settings_fault INTEGER NOT NULL,
    next_at        TEXT
) STRICT;
