CREATE INDEX tickets_deleted_at_idx ON tickets (deleted_at) WHERE deleted_at IS NOT NULL;
