-- A user's jobs that have ended are read as those of all are: the last to end first.
CREATE INDEX jobs_ended_of_user ON jobs (user_id, ended_at, id) WHERE NOT is_active;
