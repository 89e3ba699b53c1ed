CREATE INDEX customers_profile_idx ON customers USING gin (profile jsonb_path_ops);
