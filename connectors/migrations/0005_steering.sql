-- What runners say in the middle of open sessions: a leg skipped, standing still, going on.

CREATE TABLE steering (
    number  INTEGER PRIMARY KEY,    -- in the order in which it was said
    session TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    at_ms   INTEGER NOT NULL,
    what    TEXT NOT NULL CHECK (what IN ('skipped', 'held', 'continued'))
) STRICT;
CREATE INDEX steering_by_session ON steering (session);
