-- Machines that figures are kept of.
CREATE TABLE metric_hosts (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL UNIQUE
) STRICT;

-- Their metrics. A number is given again once nothing is left of what had it.
CREATE TABLE metric_names (
    host_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    -- The minute since the epoch it was last noted in, a day late at most.
    seen INTEGER NOT NULL,
    PRIMARY KEY (host_id, name),
    UNIQUE (host_id, number)
) STRICT, WITHOUT ROWID;

-- Least, mean and greatest of each minute, those of 64 numbers together: so a row is small enough for several to share a
-- page, and who wants one metric reads little of the others.
CREATE TABLE metric_minutes (
    host_id INTEGER NOT NULL,
    -- Number of the metric by 64.
    part INTEGER NOT NULL,
    -- Minutes since the epoch.
    minute INTEGER NOT NULL,
    -- How many samples there were.
    samples INTEGER NOT NULL,
    -- Packed as in `store/figures.rs`.
    figures BLOB NOT NULL,
    PRIMARY KEY (host_id, part, minute)
) STRICT;
