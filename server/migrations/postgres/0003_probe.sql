-- Filled and emptied to find out whether there is room. A probe that is cut short may leave it filled.
CREATE TABLE probe (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    filler BYTEA NOT NULL
);

-- As large on the disk as it is: zeros would be compressed to nothing.
ALTER TABLE probe ALTER COLUMN filler SET STORAGE EXTERNAL;
