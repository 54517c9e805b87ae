-- Whether the operator gave a connection its fields: they may name any folder of the server's machine while it listens on that alone. Of
-- the connections that there are it is not known; they go on as they were.
ALTER TABLE connections ADD COLUMN named_by_operator BIGINT NOT NULL DEFAULT 0 CHECK (named_by_operator IN (0, 1));
UPDATE connections SET named_by_operator = 1;
