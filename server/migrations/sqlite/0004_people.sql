-- How often users, tokens or sessions were changed; one row. Each change takes the next number, by which whoever has
-- read up to another finds what is new.
CREATE TABLE auth_changes (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;

INSERT INTO auth_changes VALUES (1, 1);

-- A user that was removed leaves the id behind, which is never given again.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name as it is compared.
    folded TEXT UNIQUE,
    role TEXT NOT NULL,
    -- Argon2id, as a PHC string.
    password TEXT,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    changed INTEGER NOT NULL
) STRICT;

CREATE INDEX users_changed ON users (changed);

INSERT INTO users (id, name, folded, role, created_at, changed)
VALUES ('owner', 'owner', 'owner', 'admin', CAST(strftime('%s', 'now') AS INTEGER) * 1000, 1);

ALTER TABLE tokens ADD COLUMN changed INTEGER NOT NULL DEFAULT 1;

CREATE INDEX tokens_changed ON tokens (changed);

-- Sessions are known by a digest, like tokens.
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    changed INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_changed ON sessions (changed);
CREATE INDEX sessions_of_user ON sessions (user_id, expires_at);
