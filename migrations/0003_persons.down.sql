DROP INDEX model_calls_by_person;
DROP INDEX session_manifests_by_person;
ALTER TABLE one_time_links DROP COLUMN person_id;
ALTER TABLE web_sessions DROP COLUMN person_id;
ALTER TABLE model_calls DROP COLUMN person_id;
ALTER TABLE session_manifests DROP COLUMN person_id;
