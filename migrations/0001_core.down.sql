-- drops rows: audit_events, model_calls, prompt_blocks, session_manifests, dashboards, tables, datasets, jobs: before the first step there is nothing
-- drops rows: connections, one_time_links, web_sessions, api_keys, team_members, users, teams: before the first step there is nothing
DROP TABLE audit_events;
DROP TABLE model_calls;
DROP TABLE prompt_blocks;
DROP TABLE session_manifests;
DROP TABLE dashboards;
DROP TABLE tables;
DROP TABLE datasets;
DROP TABLE jobs;
DROP TABLE connections;
DROP TABLE one_time_links;
DROP TABLE web_sessions;
DROP TABLE api_keys;
DROP TABLE team_members;
DROP TABLE users;
DROP TABLE teams;
