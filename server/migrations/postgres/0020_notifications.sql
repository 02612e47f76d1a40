-- One row a user who ever got a notification. Whoever changes the user's notifications locks it first, and leaves here
-- how many there are and how many are unread.
CREATE TABLE inboxes (
    user_id TEXT COLLATE "C" PRIMARY KEY,
    -- Grows with each change, by one.
    version BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    total BIGINT NOT NULL
);

CREATE TABLE notifications (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES inboxes (user_id),
    -- Of the inbox when it came: their order.
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    level TEXT NOT NULL,
    link TEXT,
    source TEXT,
    dedupe_key TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    read_at BIGINT
);

CREATE INDEX notifications_by_age ON notifications (user_id, created_at);
CREATE UNIQUE INDEX notifications_in_order ON notifications (user_id, version);
CREATE INDEX notifications_unread ON notifications (user_id, version) WHERE read_at IS NULL;
CREATE UNIQUE INDEX notifications_by_key ON notifications (user_id, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX notifications_that_expire ON notifications (user_id, expires_at) WHERE expires_at IS NOT NULL;

-- What changed and is not announced yet.
CREATE TABLE inbox_changes (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES inboxes (user_id),
    version BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    -- The server that is to announce it: who noted it, until another takes it over.
    server TEXT COLLATE "C" NOT NULL,
    -- When that server noted or last took it.
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- Ids, separated by spaces, or a version.
    what TEXT NOT NULL,
    PRIMARY KEY (user_id, version)
);
