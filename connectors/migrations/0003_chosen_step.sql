-- The step that a runner chose, over what the plan proposed; the last one counts.

CREATE TABLE chosen_step (
    runner    TEXT PRIMARY KEY,
    plan      TEXT NOT NULL,
    step      INTEGER NOT NULL,
    chosen_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
