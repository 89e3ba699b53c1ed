CREATE INDEX tickets_customer_id_created_at_idx ON tickets (customer_id, created_at);
