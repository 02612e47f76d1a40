-- Rules that were made by requests; those of the configuration are in its file.
CREATE TABLE alert_rules (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    -- What it says, as JSON.
    rule TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What is wrong or was told, so that a restart neither says it again nor forgets that it is over.
CREATE TABLE alert_states (
    rule_id TEXT COLLATE "C" NOT NULL,
    host TEXT COLLATE "C" NOT NULL,
    -- Name of the metric.
    series TEXT COLLATE "C" NOT NULL,
    -- On which side of the threshold it is wrong.
    side TEXT NOT NULL,
    -- By which threshold, if it ever was.
    threshold DOUBLE PRECISION,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    -- When it was wrong the last time, since when.
    fired BIGINT NOT NULL,
    value DOUBLE PRECISION,
    -- What users were told last.
    told TEXT NOT NULL,
    PRIMARY KEY (rule_id, host, series)
);

-- Which of the servers that share the database tells users of a machine.
CREATE TABLE alert_speakers (
    host TEXT COLLATE "C" PRIMARY KEY,
    -- Drawn by each server at its start.
    server TEXT COLLATE "C" NOT NULL,
    -- By the clock of the database, in ms since the epoch; then another may take it.
    until BIGINT NOT NULL
);
