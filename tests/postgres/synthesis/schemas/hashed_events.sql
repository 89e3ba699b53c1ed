-- Partitions by hash, by list, and three kinds nested; unique keys across them.
CREATE TABLE clicks (user_id bigint NOT NULL, at timestamptz NOT NULL, url text NOT NULL, PRIMARY KEY (user_id, at)) PARTITION BY HASH (user_id);
CREATE TABLE clicks_0 PARTITION OF clicks FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE clicks_1 PARTITION OF clicks FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE clicks_2 PARTITION OF clicks FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE clicks_3 PARTITION OF clicks FOR VALUES WITH (MODULUS 4, REMAINDER 3);
CREATE TABLE sales (region text NOT NULL, sold date NOT NULL, shop int NOT NULL, ticket int NOT NULL, amount numeric(10, 2) NOT NULL CHECK (amount > 0),
    PRIMARY KEY (region, sold, shop, ticket)) PARTITION BY LIST (region);
CREATE TABLE sales_eu PARTITION OF sales FOR VALUES IN ('DE', 'FR', 'IT') PARTITION BY RANGE (sold);
CREATE TABLE sales_eu_2023 PARTITION OF sales_eu FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE sales_eu_2024 PARTITION OF sales_eu FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (shop);
CREATE TABLE sales_eu_2024_a PARTITION OF sales_eu_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE sales_eu_2024_b PARTITION OF sales_eu_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE sales_us PARTITION OF sales FOR VALUES IN ('US', 'CA');
CREATE TABLE measurements (site text, at date, value float8) PARTITION BY RANGE (site, at);
CREATE TABLE measurements_a PARTITION OF measurements FOR VALUES FROM ('a', MINVALUE) TO ('m', MINVALUE);
CREATE TABLE measurements_m PARTITION OF measurements FOR VALUES FROM ('m', MINVALUE) TO (MAXVALUE, MAXVALUE);
CREATE TABLE by_year (id int NOT NULL, on_day date NOT NULL) PARTITION BY RANGE (EXTRACT(year FROM on_day));
CREATE TABLE by_year_2023 PARTITION OF by_year FOR VALUES FROM (2023) TO (2024);
CREATE TABLE by_year_2024 PARTITION OF by_year FOR VALUES FROM (2024) TO (2025);
INSERT INTO clicks SELECT i % 500, timestamptz '2024-01-01' + i * interval '7 minutes', '/p/' || i % 40 FROM generate_series(1, 4000) i;
INSERT INTO sales SELECT (ARRAY['DE', 'FR', 'IT', 'US', 'CA'])[i % 5 + 1], date '2023-01-01' + i % 700, i % 30, i, 1 + i % 400 / 3.0 FROM generate_series(1, 4000) i;
INSERT INTO measurements SELECT (ARRAY['ams', 'ber', 'muc', 'zrh'])[i % 4 + 1], date '2024-01-01' + i % 90, i * 0.25 FROM generate_series(1, 1500) i;
INSERT INTO by_year SELECT i, date '2023-01-01' + i % 720 FROM generate_series(1, 1000) i;
ANALYZE;
