UPDATE tables SET schema = REPLACE(schema, '{"columns":', '{"type":"view","columns":') WHERE type = 'view';
ALTER TABLE tables DROP COLUMN type;
ALTER TABLE datasets DROP COLUMN location;
