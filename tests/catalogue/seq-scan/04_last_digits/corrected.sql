CREATE INDEX orders_reversed_number_idx ON orders (reverse(number) text_pattern_ops);
