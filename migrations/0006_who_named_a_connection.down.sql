ALTER TABLE connections DROP COLUMN named_by_operator;
