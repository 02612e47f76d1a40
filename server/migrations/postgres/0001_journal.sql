-- Where the journal stands; one row at most.
CREATE TABLE journal_meta (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    head BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    clean BOOLEAN NOT NULL
);

-- A number is never given to a second topic, so that a reader that still holds it finds nothing.
CREATE TABLE journal_topics (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    evicted BIGINT NOT NULL DEFAULT 0
);

-- Without a reference to the topics: it would be checked for each event, and nothing ever removes a topic alone.
CREATE TABLE journal_events (
    seq BIGINT PRIMARY KEY,
    topic_id BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    data BYTEA NOT NULL
);

-- Answers by itself what is counted, and where a page or a trim ends.
CREATE INDEX journal_events_of_topic ON journal_events (topic_id, seq) INCLUDE (bytes, at);
