-- Of a notification that was updated: the version of the inbox that brought what was news, which somebody may not have been told yet.
ALTER TABLE notifications ADD COLUMN news_version INTEGER NOT NULL DEFAULT 0;
