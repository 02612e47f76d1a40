-- Whether what came last only changed a notification that was there, so that nobody need be told of it.
ALTER TABLE notifications ADD COLUMN is_update INTEGER NOT NULL DEFAULT 0;
