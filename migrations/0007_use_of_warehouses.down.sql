-- drops rows: warehouse_use: the version before does not count
ALTER TABLE connections DROP COLUMN bytes_per_day;
DROP TABLE warehouse_use;
