-- A run may be told by several takes: strap, file, archive, Strava. What was `run` becomes `take`.

CREATE TABLE take (
    number          INTEGER PRIMARY KEY,    -- in the order in which they came
    id              TEXT NOT NULL UNIQUE,
    run             TEXT NOT NULL,          -- the run that it tells of; takes of one run share it
    is_best         INTEGER NOT NULL,       -- 1: the run's figures are this take's
    source          TEXT NOT NULL,          -- strap, file, archive, strava_api
    origin          TEXT,                   -- what it was made from: a file's content, an activity's number
    runner          TEXT NOT NULL,
    started_at      TEXT NOT NULL,
    ends_at         TEXT NOT NULL,
    start_hidden    INTEGER NOT NULL,       -- 1: only the day is known
    duration_s      REAL NOT NULL,
    heard_s         REAL NOT NULL,          -- what believed heart rates cover
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
    below_s         REAL,                   -- NULL without a zone
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
    rmssd_ms        REAL,
    UNIQUE (runner, origin)
) STRICT;
CREATE INDEX take_by_time ON take (runner, started_at);
CREATE INDEX take_by_run ON take (run);

CREATE TABLE take_samples (
    take      TEXT PRIMARY KEY REFERENCES take (id) ON DELETE CASCADE,
    samples   BLOB NOT NULL,                -- see connectors/packing.py
    rr        BLOB,
    histogram BLOB NOT NULL
) STRICT;

INSERT INTO take SELECT
    NULL, id, id, 1, 'strap', NULL, runner, started_at,
    strftime('%Y-%m-%dT%H:%M:%f+00:00', started_at, duration_s || ' seconds'), 0, duration_s,
    coverage_pct / 100 * duration_s,
    sport, name, distance_m, plan, step, zone_low, zone_high, zone_origin, samples, mean_bpm, max_bpm, min_bpm,
    coverage_pct, below_s, inside_s, above_s, unknown_s, calm_pct, verdict, reason, drift_pct, recovery_bpm,
    beats, artefact_pct, rmssd_ms
FROM run ORDER BY started_at;
INSERT INTO take_samples SELECT run, samples, rr, histogram FROM run_source;
DROP TABLE run_source;
DROP TABLE run;

-- files that were brought in, by their content
CREATE TABLE seen_file (
    runner  TEXT NOT NULL,
    digest  TEXT NOT NULL,
    skipped TEXT NOT NULL,                  -- sports that were not wanted then, with commas between; mostly empty
    seen_at TEXT NOT NULL,
    PRIMARY KEY (runner, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE strava_account (
    runner     TEXT PRIMARY KEY,
    athlete    INTEGER,
    access     TEXT NOT NULL,
    refresh    TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    scopes     TEXT NOT NULL,               -- as granted, with commas between
    linked_at  TEXT NOT NULL,
    state      TEXT NOT NULL,
    since      TEXT NOT NULL,               -- of the state
    looked_at  TEXT,
    walked_at  TEXT                         -- when the whole list was last read
) STRICT;

-- what the list told of activities that are held, or wait to be read
CREATE TABLE strava_activity (
    runner         TEXT NOT NULL REFERENCES strava_account (runner) ON DELETE CASCADE,
    id             INTEGER NOT NULL,
    started_at     TEXT NOT NULL,
    start_hidden   INTEGER NOT NULL,
    elapsed_s      REAL NOT NULL,
    sport          TEXT NOT NULL,
    name           TEXT,
    distance_m     REAL,
    has_heart_rate INTEGER NOT NULL,
    mark           TEXT NOT NULL,
    is_read        INTEGER NOT NULL,
    is_missing     INTEGER NOT NULL DEFAULT 0,
    fetched_at     TEXT NOT NULL,           -- held for keep_days from then
    PRIMARY KEY (runner, id)
) STRICT, WITHOUT ROWID;

-- small things that must outlive a restart: the quota's state, the webhook's
CREATE TABLE memo (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
