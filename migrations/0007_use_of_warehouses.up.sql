-- What people have warehouses read in a day (days since 1970, UTC). A connection that is removed keeps its use, or a new one would have a
-- new cap; a person may be one who is no user.
CREATE TABLE warehouse_use (
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  day BIGINT NOT NULL,
  person TEXT NOT NULL,
  connection_id TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  queries BIGINT NOT NULL,
  PRIMARY KEY (team_id, day, person, connection_id)
);

-- What a connection may read in a day; 0: no cap of its own.
ALTER TABLE connections ADD COLUMN bytes_per_day BIGINT NOT NULL DEFAULT 0;
