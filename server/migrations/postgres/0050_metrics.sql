-- Machines that figures are kept of.
CREATE TABLE metric_hosts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    host TEXT COLLATE "C" NOT NULL UNIQUE
);

-- Their metrics. A number is given again once nothing is left of what had it.
CREATE TABLE metric_names (
    host_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    -- The minute since the epoch it was last noted in, a day late at most.
    seen BIGINT NOT NULL,
    PRIMARY KEY (host_id, name),
    UNIQUE (host_id, number)
);

-- Least, mean and greatest of each minute, those of 64 numbers together: so who wants one metric reads little of the others.
CREATE TABLE metric_minutes (
    host_id BIGINT NOT NULL,
    -- Number of the metric by 64.
    part BIGINT NOT NULL,
    -- Minutes since the epoch.
    minute BIGINT NOT NULL,
    -- How many samples there were.
    samples BIGINT NOT NULL,
    -- Packed as in `store/figures.rs`.
    figures BYTEA NOT NULL,
    PRIMARY KEY (host_id, part, minute)
);
