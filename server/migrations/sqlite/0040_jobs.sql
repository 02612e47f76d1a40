-- Jobs. What one is lies in its record; beside it is only what the database is asked about.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    -- Grows with each change.
    version INTEGER NOT NULL,
    is_active INTEGER NOT NULL,
    -- Whether a program elsewhere reports it.
    is_reported INTEGER NOT NULL,
    -- The server that has it, by a name that each draws at its start.
    holder TEXT NOT NULL,
    -- For how long it has it, in ms; then another may take it.
    lease INTEGER NOT NULL,
    -- From when on, by the clock of the database, in ms since the epoch.
    renewed_at INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- What it is, as JSON.
    record TEXT NOT NULL,
    -- What came of it, and what it wrote last, as JSON.
    result TEXT,
    log TEXT,
    CHECK (is_active = (ended_at IS NULL))
) STRICT;

CREATE INDEX jobs_in_order ON jobs (created_at, id);
CREATE INDEX jobs_of_user ON jobs (user_id, created_at, id);
CREATE INDEX jobs_active ON jobs (created_at, id) WHERE is_active;
CREATE INDEX jobs_ended ON jobs (ended_at, id) WHERE NOT is_active;
