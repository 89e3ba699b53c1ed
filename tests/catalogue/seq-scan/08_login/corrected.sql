CREATE INDEX customers_upper_email_idx ON customers (upper(email)) WHERE deleted_at IS NULL;
