-- Little or nothing known: never analysed, empty, one row, columns that are all NULL or all the same, no columns at all.
CREATE TABLE singleton (id boolean PRIMARY KEY DEFAULT true CHECK (id), maintenance boolean NOT NULL DEFAULT false, banner text);
CREATE TABLE singleton_int (id int PRIMARY KEY CHECK (id = 1), schema_version int NOT NULL);
CREATE TABLE empty_parent (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE empty_child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES empty_parent);
CREATE TABLE optional_child (id int PRIMARY KEY, parent_id int REFERENCES empty_parent, note text);
CREATE TABLE nothing ();
CREATE TABLE all_null (id int PRIMARY KEY, a text, b int, c jsonb, d timestamptz, CHECK (b > 5), CHECK (a ~ '^x'));
CREATE TABLE all_same (id int PRIMARY KEY, a text NOT NULL, b int NOT NULL, c numeric(6, 2) NOT NULL);
CREATE TABLE one_value (id int PRIMARY KEY, kind text NOT NULL UNIQUE);
CREATE TABLE never_analysed (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, amount numeric(8, 2) NOT NULL CHECK (amount > 0), state text CHECK (state IN ('a', 'b')), at timestamptz NOT NULL, note varchar(5)) WITH (autovacuum_enabled = off);
CREATE TABLE never_analysed_child (id int PRIMARY KEY, parent_id bigint NOT NULL REFERENCES never_analysed) WITH (autovacuum_enabled = off);
CREATE UNLOGGED TABLE scratch (k text PRIMARY KEY, v text);
CREATE TABLE fresh (id int PRIMARY KEY, a int CHECK (a < 10));
INSERT INTO singleton VALUES (true, false, 'hello');
INSERT INTO singleton_int VALUES (1, 42);
INSERT INTO optional_child SELECT i, NULL, 'n' FROM generate_series(1, 200) i;
INSERT INTO nothing SELECT FROM generate_series(1, 5);
INSERT INTO all_null SELECT i FROM generate_series(1, 300) i;
INSERT INTO all_same SELECT i, 'same', 7, 1.50 FROM generate_series(1, 300) i;
INSERT INTO one_value VALUES (1, 'only');
INSERT INTO scratch SELECT 'k' || i, 'v' FROM generate_series(1, 300) i;
INSERT INTO fresh SELECT i, i % 10 FROM generate_series(1, 300) i;
ANALYZE;
INSERT INTO never_analysed SELECT i, 'u' || i || '@example.com', i, (ARRAY['a', 'b'])[i % 2 + 1], timestamptz '2024-01-01' + i * interval '1 hour', 'x' FROM generate_series(1, 500) i;
INSERT INTO never_analysed_child SELECT i, 1 + i % 500 FROM generate_series(1, 800) i;
-- no ANALYZE
