-- An account of every request to a model provider. Counters and cost are null where nobody knows them: unknown is not zero.
-- The table of step 1 was never written to.
-- drops rows: model_calls: no release wrote to the table of step 1
DROP TABLE model_calls;

CREATE TABLE model_calls (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  session_id TEXT,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  step BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  input_tokens BIGINT,
  output_tokens BIGINT,
  cache_read_tokens BIGINT,
  cache_write_tokens BIGINT,
  cache_write_long_tokens BIGINT,
  usage_complete BIGINT NOT NULL CHECK (usage_complete IN (0, 1)),
  service_tier TEXT NOT NULL,
  cost_nano_usd BIGINT,
  price_date TEXT,
  latency_ms BIGINT NOT NULL,
  time_to_first_token_ms BIGINT,
  status TEXT NOT NULL CHECK (status IN ('ok', 'error', 'cancelled')),
  error_code TEXT,
  trace_id TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX model_calls_by_time ON model_calls (team_id, created_at);
CREATE INDEX model_calls_by_session ON model_calls (session_id);
CREATE INDEX model_calls_by_user ON model_calls (user_id);

-- Of a session with such calls nobody knows the whole cost.
ALTER TABLE session_manifests ADD COLUMN unpriced_calls BIGINT NOT NULL DEFAULT 0;

-- Counters of answers of tools that are kept in the cache; the answers themselves are there.
CREATE TABLE tool_cache_entries (
  key TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  tool TEXT NOT NULL,
  connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  size_bytes BIGINT NOT NULL,
  hits BIGINT NOT NULL,
  misses BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX tool_cache_entries_by_team ON tool_cache_entries (team_id);
CREATE INDEX tool_cache_entries_by_connection ON tool_cache_entries (connection_id);
