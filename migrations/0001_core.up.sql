-- The directory's core. One text for SQLite and PostgreSQL: BIGINT, DOUBLE PRECISION and TEXT alone.
-- Times are microseconds since 1970 in UTC, booleans 0 or 1, enums and ids text, JSON text.

CREATE TABLE teams (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);

-- `email` is stored in lower case, so that unique means case-insensitive.
CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT NOT NULL UNIQUE CHECK (email = LOWER(email)),
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT
);

CREATE TABLE team_members (
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  created_at BIGINT NOT NULL,
  PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_by_user ON team_members (user_id);

-- `team_id` is null for an operator's key.
CREATE TABLE api_keys (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL UNIQUE,
  key_hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  created_at BIGINT NOT NULL,
  last_used_at BIGINT,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX api_keys_by_team ON api_keys (team_id, created_at);
CREATE INDEX api_keys_by_user ON api_keys (user_id);

-- A signed-in browser. It acts as an operator, as a person (whose roles are read from team_members), or in one team.
CREATE TABLE web_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  is_operator BIGINT NOT NULL CHECK (is_operator IN (0, 1)),
  team_id TEXT REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  api_key_id TEXT REFERENCES api_keys (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX web_sessions_by_team ON web_sessions (team_id);
CREATE INDEX web_sessions_by_user ON web_sessions (user_id);
CREATE INDEX web_sessions_by_api_key ON web_sessions (api_key_id);
CREATE INDEX web_sessions_by_expiry ON web_sessions (expires_at);

CREATE TABLE one_time_links (
  id TEXT NOT NULL PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  is_operator BIGINT NOT NULL CHECK (is_operator IN (0, 1)),
  team_id TEXT REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX one_time_links_by_team ON one_time_links (team_id);
CREATE INDEX one_time_links_by_user ON one_time_links (user_id);

CREATE TABLE connections (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  connection_type TEXT NOT NULL CHECK (connection_type IN ('bigquery', 'postgres', 'snowflake', 'duckdb')),
  credentials_path TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('testing', 'active', 'failed')),
  last_tested_at BIGINT,
  last_error TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (team_id, name)
);
CREATE INDEX connections_by_status ON connections (status);

CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  progress DOUBLE PRECISION NOT NULL,
  input TEXT NOT NULL,
  detail TEXT NOT NULL,
  error TEXT,
  attempts BIGINT NOT NULL,
  lease_owner TEXT,
  leased_until BIGINT,
  cancel_requested BIGINT NOT NULL CHECK (cancel_requested IN (0, 1)),
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  finished_at BIGINT
);
CREATE INDEX jobs_by_status ON jobs (status, leased_until);
CREATE INDEX jobs_by_team ON jobs (team_id, created_at);
CREATE INDEX jobs_by_user ON jobs (user_id);

CREATE TABLE datasets (
  id TEXT NOT NULL PRIMARY KEY,
  connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  fully_qualified_name TEXT NOT NULL,
  description TEXT NOT NULL,
  table_count BIGINT NOT NULL,
  catalog_job_id TEXT REFERENCES jobs (id) ON DELETE SET NULL,
  catalog_job_status TEXT NOT NULL CHECK (catalog_job_status IN ('pending', 'running', 'completed', 'failed')),
  discovered_at BIGINT NOT NULL,
  last_scanned_at BIGINT,
  UNIQUE (connection_id, fully_qualified_name)
);
CREATE INDEX datasets_by_job ON datasets (catalog_job_id);

-- `schema` is JSON: {"columns": [{name, type, engine_type, nullable, description, partitioning}]}.
CREATE TABLE tables (
  id TEXT NOT NULL PRIMARY KEY,
  dataset_id TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  fully_qualified_name TEXT NOT NULL,
  sql_name TEXT NOT NULL,
  description TEXT NOT NULL,
  schema TEXT NOT NULL,
  row_count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  discovered_at BIGINT NOT NULL,
  last_scanned_at BIGINT,
  UNIQUE (dataset_id, fully_qualified_name)
);

-- A pointer to the YAML document in the object store, which alone holds the dashboard.
CREATE TABLE dashboards (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  slug TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  gcs_yaml_path TEXT NOT NULL,
  owner_user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  view_type TEXT NOT NULL CHECK (view_type IN ('analytical', 'operational', 'strategic')),
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (team_id, slug)
);
CREATE INDEX dashboards_by_update ON dashboards (team_id, updated_at);
CREATE INDEX dashboards_by_owner ON dashboards (owner_user_id);

CREATE TABLE session_manifests (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id TEXT REFERENCES users (id) ON DELETE SET NULL,
  provider_name TEXT NOT NULL,
  model TEXT NOT NULL,
  title TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'completed', 'failed')),
  total_tokens BIGINT NOT NULL,
  total_cost_usd DOUBLE PRECISION NOT NULL,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  gcs_log_path TEXT NOT NULL
);
CREATE INDEX session_manifests_by_user ON session_manifests (team_id, user_id, created_at);
CREATE INDEX session_manifests_by_owner ON session_manifests (user_id);

CREATE TABLE prompt_blocks (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  cache_control TEXT NOT NULL CHECK (cache_control IN ('ephemeral', 'none')),
  version BIGINT NOT NULL,
  active BIGINT NOT NULL CHECK (active IN (0, 1)),
  position BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (name, version)
);
CREATE UNIQUE INDEX prompt_blocks_active ON prompt_blocks (name) WHERE active = 1;

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

-- Append only. `team_id` is null for what an operator does outside a team; no foreign key, because the record outlives the team.
CREATE TABLE audit_events (
  id TEXT NOT NULL PRIMARY KEY,
  team_id TEXT,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  outcome TEXT NOT NULL,
  ip TEXT,
  created_at BIGINT NOT NULL
);
CREATE INDEX audit_events_by_time ON audit_events (team_id, created_at);
