-- Refused while a connection has a type that the list does not know: remove it first.
ALTER TABLE connections ADD COLUMN listed_type TEXT NOT NULL DEFAULT 'duckdb'
  CHECK (listed_type IN ('bigquery', 'postgres', 'snowflake', 'duckdb'));
UPDATE connections SET listed_type = connection_type;
ALTER TABLE connections DROP COLUMN connection_type;
ALTER TABLE connections RENAME COLUMN listed_type TO connection_type;
