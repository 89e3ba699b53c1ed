CREATE INDEX customers_points_idx ON customers (points DESC, id);
