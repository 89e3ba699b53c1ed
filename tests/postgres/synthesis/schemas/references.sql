-- Foreign keys of every kind: across schemas, MATCH FULL and SIMPLE, to a unique key, to a unique index, overlapping, to a partition root, by another type.
CREATE SCHEMA catalog_data;
CREATE SCHEMA billing;
CREATE TABLE catalog_data.countries (code char(2) PRIMARY KEY, iso3 char(3) NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE catalog_data.regions (country char(2) NOT NULL REFERENCES catalog_data.countries, region smallint NOT NULL, name text NOT NULL, PRIMARY KEY (country, region), UNIQUE (region, country));
CREATE TABLE billing.customers (id bigint PRIMARY KEY, code text NOT NULL, country char(2) NOT NULL REFERENCES catalog_data.countries, region smallint, iso3 char(3) REFERENCES catalog_data.countries (iso3),
    FOREIGN KEY (country, region) REFERENCES catalog_data.regions MATCH SIMPLE);
CREATE UNIQUE INDEX customers_code ON billing.customers (code);
CREATE TABLE public.shipments (id int PRIMARY KEY, customer_code text NOT NULL REFERENCES billing.customers (code), to_country char(2), to_region smallint, from_region smallint, from_country char(2), customer_id int REFERENCES billing.customers (id) ON DELETE SET NULL,
    CONSTRAINT destination FOREIGN KEY (to_country, to_region) REFERENCES catalog_data.regions MATCH FULL ON UPDATE CASCADE,
    CONSTRAINT origin FOREIGN KEY (from_region, from_country) REFERENCES catalog_data.regions (region, country) DEFERRABLE);
CREATE TABLE public.customers (id bigint PRIMARY KEY REFERENCES billing.customers, loyalty int NOT NULL CHECK (loyalty >= 0));
CREATE TABLE orders (id int NOT NULL, placed date NOT NULL, PRIMARY KEY (id, placed)) PARTITION BY RANGE (placed);
CREATE TABLE orders_2023 PARTITION OF orders FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE order_tags (order_id int NOT NULL, placed date NOT NULL, tag text NOT NULL, PRIMARY KEY (order_id, placed, tag), FOREIGN KEY (order_id, placed) REFERENCES orders);
CREATE TABLE students (id int PRIMARY KEY, name text);
CREATE TABLE courses (id int PRIMARY KEY, title text);
CREATE TABLE enrolments (student_id int REFERENCES students, course_id int REFERENCES courses, grade numeric(2, 1) CHECK (grade BETWEEN 1.0 AND 6.0), PRIMARY KEY (student_id, course_id));
CREATE TABLE certificates (student_id int, course_id int, serial text NOT NULL UNIQUE, PRIMARY KEY (student_id, course_id), FOREIGN KEY (student_id, course_id) REFERENCES enrolments);
CREATE TABLE friendships (a int NOT NULL REFERENCES students, b int NOT NULL REFERENCES students, PRIMARY KEY (a, b), CHECK (a < b));
CREATE TABLE not_checked (id int PRIMARY KEY, student_id int);
INSERT INTO catalog_data.countries SELECT chr(65 + i / 26) || chr(65 + i % 26), chr(65 + i / 26) || chr(65 + i % 26) || 'X', 'Country ' || i FROM generate_series(0, 59) i;
INSERT INTO catalog_data.regions SELECT code, r, code || ' ' || r FROM catalog_data.countries, generate_series(1, 4) r;
INSERT INTO billing.customers SELECT i, 'C' || lpad(i::text, 6, '0'), chr(65 + i % 60 / 26) || chr(65 + i % 60 % 26), CASE WHEN i % 3 > 0 THEN 1 + i % 4 END, CASE WHEN i % 4 > 0 THEN chr(65 + i % 60 / 26) || chr(65 + i % 60 % 26) || 'X' END FROM generate_series(1, 1200) i;
INSERT INTO shipments SELECT i, 'C' || lpad((1 + i % 1200)::text, 6, '0'), CASE WHEN i % 4 > 0 THEN 'AB' END, CASE WHEN i % 4 > 0 THEN 1 + i % 4 END, CASE WHEN i % 5 > 0 THEN 1 + i % 4 END, CASE WHEN i % 7 > 0 THEN 'AC' END, CASE WHEN i % 2 = 0 THEN 1 + i % 1200 END FROM generate_series(1, 2500) i;
INSERT INTO public.customers SELECT i, i % 100 FROM generate_series(1, 1000) i;
INSERT INTO orders SELECT i, date '2023-01-01' + i % 720 FROM generate_series(1, 1400) i;
INSERT INTO order_tags SELECT id, placed, t FROM orders, unnest(ARRAY['gift', 'rush']) t WHERE id % 3 > 0;
INSERT INTO students SELECT i, 'S' || i FROM generate_series(1, 500) i;
INSERT INTO courses SELECT i, 'T' || i FROM generate_series(1, 30) i;
INSERT INTO enrolments SELECT s, 1 + (s * 7 + k * 11) % 30, 1 + s % 6 FROM generate_series(1, 500) s, generate_series(1, 5) k;
INSERT INTO certificates SELECT student_id, course_id, 'Z' || row_number() OVER () FROM enrolments WHERE student_id % 2 = 0;
INSERT INTO friendships SELECT a, a + k FROM generate_series(1, 400) a, generate_series(1, 4) k;
INSERT INTO not_checked SELECT i, i * 100 FROM generate_series(1, 100) i;
ALTER TABLE not_checked ADD CONSTRAINT later FOREIGN KEY (student_id) REFERENCES students NOT VALID;
ANALYZE;
