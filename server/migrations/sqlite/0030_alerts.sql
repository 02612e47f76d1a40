-- Rules that were made by requests; those of the configuration are in its file.
CREATE TABLE alert_rules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- What it says, as JSON.
    rule TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What is wrong or was told, so that a restart neither says it again nor forgets that it is over.
CREATE TABLE alert_states (
    rule_id TEXT NOT NULL,
    host TEXT NOT NULL,
    -- Name of the metric.
    series TEXT NOT NULL,
    -- On which side of the threshold it is wrong.
    side TEXT NOT NULL,
    -- By which threshold, if it ever was.
    threshold REAL,
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- When it was wrong the last time, since when.
    fired INTEGER NOT NULL,
    value REAL,
    -- What users were told last.
    told TEXT NOT NULL,
    PRIMARY KEY (rule_id, host, series)
) STRICT, WITHOUT ROWID;
