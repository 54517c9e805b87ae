-- Where a dataset is kept, as its engine names it (nobody knows until it is discovered again), and what kind of table each one is, which stood
-- in the JSON of `schema` until now.
ALTER TABLE datasets ADD COLUMN location TEXT NOT NULL DEFAULT '';
ALTER TABLE tables ADD COLUMN type TEXT NOT NULL DEFAULT 'table' CHECK (type IN ('table', 'view', 'materialized_view', 'external'));
UPDATE tables SET type = 'view' WHERE schema LIKE '{"type":"view",%';
UPDATE tables SET schema = REPLACE(REPLACE(schema, '{"type":"view",', '{'), '{"type":"table",', '{') WHERE schema LIKE '{"type":"%';
