CREATE INDEX inventory_empty_idx ON inventory (reserved DESC, product_id, warehouse_id) WHERE quantity = 0 AND reserved > 0;
