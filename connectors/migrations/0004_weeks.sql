-- What a runner says and is told over the weeks: feelings, occasions, pauses, a zone, the steps that were run.

ALTER TABLE take ADD COLUMN longest_calm_s REAL;
ALTER TABLE chosen_step ADD COLUMN instead_of TEXT;     -- the settings' plan, where another was chosen over it
ALTER TABLE letter ADD COLUMN html TEXT;                -- what a mailbox gets besides
ALTER TABLE letter ADD COLUMN picture BLOB;

-- the runner's own words; they stay when a run has to go
CREATE TABLE feeling (
    number   INTEGER PRIMARY KEY,
    runner   TEXT NOT NULL,
    run      TEXT UNIQUE,           -- NULL before a run
    said_at  TEXT NOT NULL,
    before   INTEGER,
    after    INTEGER,
    effort   INTEGER,
    note     TEXT
) STRICT;
CREATE INDEX feeling_by_time ON feeling (runner, said_at);

-- a runner's diary along a plan: no figures, and it stays when the run has to go
CREATE TABLE step_run (
    run       TEXT PRIMARY KEY,
    runner    TEXT NOT NULL,
    began_at  TEXT NOT NULL,
    plan      TEXT NOT NULL,
    step      INTEGER NOT NULL,
    then_step INTEGER NOT NULL      -- what was proposed after it
) STRICT, WITHOUT ROWID;
CREATE INDEX step_run_by_time ON step_run (runner, began_at);

-- the last of each kind that was done or let go
CREATE TABLE occasion (
    runner     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    passed_at  TEXT NOT NULL,
    PRIMARY KEY (runner, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE pause (
    number   INTEGER PRIMARY KEY,
    runner   TEXT NOT NULL,
    since    TEXT NOT NULL,
    until    TEXT NOT NULL,         -- its last day
    why      TEXT,
    ended_at TEXT                   -- back before its end
) STRICT;

-- a zone that was set by the talk test or `duurloop zone`, over that of the settings
CREATE TABLE zone_set (
    number      INTEGER PRIMARY KEY,
    runner      TEXT NOT NULL,
    zone_low    INTEGER NOT NULL,
    zone_high   INTEGER NOT NULL,
    zone_origin TEXT NOT NULL,
    set_by      TEXT,
    valid_from  TEXT NOT NULL,
    instead_of  TEXT NOT NULL,
    set_at      TEXT NOT NULL
) STRICT;
