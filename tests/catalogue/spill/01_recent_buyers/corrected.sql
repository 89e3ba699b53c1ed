CREATE INDEX customers_name_id_idx ON customers (name, id);
