-- Own sessions on their way out: to the folder of FIT files, to Strava. A row stays, so that nothing goes twice.

CREATE TABLE handed_out (
    runner     TEXT NOT NULL,
    run        TEXT NOT NULL,           -- the strap's take
    outlet     TEXT NOT NULL CHECK (outlet IN ('folder', 'strava')),
    state      TEXT NOT NULL CHECK (state IN ('due', 'sent', 'held', 'refused')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    TEXT NOT NULL,           -- not to be tried before
    reason     TEXT,                    -- why it is not there yet, or never will be: a word of ours
    is_unsure  INTEGER NOT NULL DEFAULT 0,  -- 1: it may have arrived, for no answer came
    upload     INTEGER,                 -- what Strava calls an upload that it still works on
    place      TEXT,                    -- where it is now: a file's name, an activity's number
    changed_at TEXT NOT NULL,
    PRIMARY KEY (run, outlet)
) STRICT, WITHOUT ROWID;
CREATE INDEX handed_out_by_state ON handed_out (outlet, state, runner);
