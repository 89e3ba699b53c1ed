CREATE INDEX jobs_failed_idx ON jobs (id) WHERE status = 'failed';
