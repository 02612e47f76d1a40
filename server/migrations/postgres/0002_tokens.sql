-- Tokens are known by a digest; the secret itself is nowhere.
CREATE TABLE tokens (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    -- Separated by spaces, which no scope has.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
