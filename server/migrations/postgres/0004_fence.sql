-- Tells a server whether the database is still as it left it. The token is drawn anew by each server that takes the database:
-- one that lost its connection and finds another's must not write on. The generation counts how often the server came back to
-- it: what was read before is not to be believed.
CREATE TABLE fence (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    token BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
