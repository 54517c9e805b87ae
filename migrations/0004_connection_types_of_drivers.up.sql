-- Which types there are is what the drivers of a build say, and the service checks it: the table takes any. The column is replaced, not the
-- table, because PostgreSQL drops no table that others refer to.
ALTER TABLE connections ADD COLUMN driver_type TEXT NOT NULL DEFAULT '';
UPDATE connections SET driver_type = connection_type;
ALTER TABLE connections DROP COLUMN connection_type;
ALTER TABLE connections RENAME COLUMN driver_type TO connection_type;
