-- Drawn anew by each server that takes the database: one that lost its connection and finds another's must not write on.
CREATE TABLE fence (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    token BIGINT NOT NULL
);
