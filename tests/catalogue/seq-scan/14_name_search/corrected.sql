CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX customers_upper_name_trgm_idx ON customers USING gin (upper(name) gin_trgm_ops);
