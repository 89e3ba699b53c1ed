CREATE INDEX customers_segment_idx ON customers (segment);
