-- drops rows: model_calls: the table of step 1 cannot say that a counter is unknown
-- drops rows: tool_cache_entries: counters of a cache, which step 1 does not keep
DROP TABLE tool_cache_entries;
ALTER TABLE session_manifests DROP COLUMN unpriced_calls;
DROP TABLE model_calls;

CREATE TABLE model_calls (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  session_id TEXT,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  cache_read_tokens BIGINT NOT NULL,
  cache_write_tokens BIGINT NOT NULL,
  cost_usd DOUBLE PRECISION NOT NULL,
  latency_ms BIGINT NOT NULL,
  time_to_first_token_ms BIGINT,
  status TEXT NOT NULL,
  error_code TEXT,
  trace_id TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX model_calls_by_time ON model_calls (team_id, created_at);
CREATE INDEX model_calls_by_session ON model_calls (session_id);
CREATE INDEX model_calls_by_user ON model_calls (user_id);
