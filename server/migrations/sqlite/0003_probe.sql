-- Filled and emptied to find out whether there is room. A probe that is cut short may leave it filled.
CREATE TABLE probe (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    filler BLOB NOT NULL
) STRICT;
