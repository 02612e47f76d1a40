-- Where the journal stands; one row at most.
CREATE TABLE journal_meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL,
    head INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    clean INTEGER NOT NULL
) STRICT;

-- A number is never given to a second topic, so that a reader that still holds it finds nothing.
CREATE TABLE journal_topics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    evicted INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The small columns come first: most searches need no others, and a large event lies on pages of its own.
CREATE TABLE journal_events (
    seq INTEGER PRIMARY KEY,
    topic_id INTEGER NOT NULL REFERENCES journal_topics (id),
    bytes INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;

-- Answers by itself what is counted, and where a page or a trim ends.
CREATE INDEX journal_events_of_topic ON journal_events (topic_id, seq, bytes, at);
