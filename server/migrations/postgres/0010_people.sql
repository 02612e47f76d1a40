-- How often users, tokens or sessions were changed; one row. Each change takes the next number, by which whoever has
-- read up to another finds what is new. Taking it locks the row: changes come one after the other.
CREATE TABLE auth_changes (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL
);

INSERT INTO auth_changes VALUES (1, 1);

-- A user that was removed leaves the id behind, which is never given again.
CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL,
    -- The name as it is compared.
    folded TEXT COLLATE "C" UNIQUE,
    role TEXT NOT NULL,
    -- Argon2id, as a PHC string.
    password TEXT,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    changed BIGINT NOT NULL
);

CREATE INDEX users_changed ON users (changed);

INSERT INTO users (id, name, folded, role, created_at, changed)
VALUES ('owner', 'owner', 'owner', 'admin', floor(extract(epoch FROM now()) * 1000)::BIGINT, 1);

ALTER TABLE tokens ADD COLUMN changed BIGINT NOT NULL DEFAULT 1;

CREATE INDEX tokens_changed ON tokens (changed);

-- Sessions are known by a digest, like tokens.
CREATE TABLE sessions (
    digest TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    changed BIGINT NOT NULL
);

CREATE INDEX sessions_changed ON sessions (changed);
CREATE INDEX sessions_of_user ON sessions (user_id, expires_at);
