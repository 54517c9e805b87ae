-- Whose a conversation and its costs are: a user's id, 'key:…' for a key that belongs to no user, 'session:…' for who signed in with a link.
-- No foreign key: who it was outlives the key or the session.
ALTER TABLE session_manifests ADD COLUMN person_id TEXT;
ALTER TABLE model_calls ADD COLUMN person_id TEXT;
ALTER TABLE web_sessions ADD COLUMN person_id TEXT;
ALTER TABLE one_time_links ADD COLUMN person_id TEXT;

-- What keys without a user have begun so far was everybody's, and nobody knows which key it was: it becomes the first operator's, who could
-- read it all the time.
UPDATE session_manifests SET person_id = COALESCE(
  user_id,
  (SELECT 'key:' || id FROM api_keys WHERE team_id IS NULL AND user_id IS NULL ORDER BY created_at, id LIMIT 1),
  'operator');
UPDATE model_calls SET person_id = COALESCE(
  user_id,
  (SELECT 'key:' || id FROM api_keys WHERE team_id IS NULL AND user_id IS NULL ORDER BY created_at, id LIMIT 1),
  'operator');
UPDATE web_sessions SET person_id = COALESCE(
  user_id,
  'key:' || api_key_id,
  CASE WHEN is_operator = 1
    THEN (SELECT 'key:' || id FROM api_keys WHERE team_id IS NULL AND user_id IS NULL ORDER BY created_at, id LIMIT 1)
    ELSE 'session:' || id END,
  'operator');

CREATE INDEX session_manifests_by_person ON session_manifests (team_id, person_id, id);
CREATE INDEX model_calls_by_person ON model_calls (team_id, person_id);
