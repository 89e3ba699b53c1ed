"""A schema in which everything has an awkward name or kind."""

SCHEMA = r'''
CREATE SCHEMA "Odd Schema";
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL, city text, gone int, mood mood, age positive,
    ssn bigint, tags text[], doc jsonb, nums int[], span int4range, born date, at timestamptz, paid numeric, flag boolean,
    p pair, uid uuid, net inet, lowered text GENERATED ALWAYS AS (lower(city)) STORED);
INSERT INTO customers (email, city, mood, age, ssn, tags, doc, nums, span, born, at, paid, flag, p, uid, net)
SELECT 'u' || i || '@example.com', 'city, "{' || i % 7 || E'}\\ \'x', (ARRAY['sad', 'ok', 'it''s "fine"'])[i % 3 + 1]::mood,
    i % 90 + 1, 100000000 + i, ARRAY['a', 'b"c' || i % 3], jsonb_build_object('k', i % 2), ARRAY[i % 5, 2],
    int4range(i, i + 5), date '1970-01-01' + i, timestamptz '2024-02-03 04:05:06.789+00' + i * interval '1 hour',
    i * 1.10, i % 4 = 0, (i % 2, 'x,"y')::pair, md5((i % 50)::text)::uuid, ('10.0.0.' || i % 9)::inet
FROM generate_series(1, 5000) i;
ALTER TABLE customers DROP COLUMN gone;
CREATE INDEX by_lower ON customers (lower(email));
CREATE INDEX by_hour ON customers (date_trunc('hour', at AT TIME ZONE 'UTC'));
CREATE UNIQUE INDEX "By ""City""" ON customers (city, id) INCLUDE (age) WHERE age > 5;
CREATE INDEX by_tags ON customers USING gin (tags);
CREATE INDEX by_flag ON customers (flag);
CREATE INDEX by_paid ON customers (paid);
CREATE INDEX by_ssn ON customers (ssn);
CREATE TABLE "Odd Schema"."Order %s ""x""" (
    id int PRIMARY KEY, "Select" text, customer bigint REFERENCES customers, "Placed At" date);
INSERT INTO "Odd Schema"."Order %s ""x""" SELECT i, 'note ' || i % 3, i % 5000 + 1, date '2020-01-01' + i % 1000
FROM generate_series(1, 3000) i;
CREATE INDEX ON "Odd Schema"."Order %s ""x""" ("Placed At");
CREATE TABLE "Odd Schema".customers (id int, note text);
CREATE TABLE events (id int, at date, kind text, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_2024_a PARTITION OF events_2024 FOR VALUES IN ('a', 'b');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
CREATE INDEX events_at ON events (at);
INSERT INTO events SELECT i, date '2023-01-01' + i % 300, 'k' FROM generate_series(1, 2000) i;
INSERT INTO events SELECT i, date '2024-01-01' + i % 300, 'a' FROM generate_series(1, 1000) i;
CREATE TABLE base (id int PRIMARY KEY, note text);
CREATE TABLE derived (extra int) INHERITS (base);
CREATE INDEX derived_id ON derived (id);
INSERT INTO base SELECT i, 'n' FROM generate_series(1, 100) i;
INSERT INTO derived SELECT i, 'n', i FROM generate_series(1000, 1500) i;
CREATE TABLE shapes (at point, area box, path polygon, bits bit(4), bytes bytea, words tsvector, r numrange, made daterange);
INSERT INTO shapes SELECT point(i, i), box(point(0, 0), point(i % 5, 1)), '((0,0),(1,1))', '1010', 'abc',
    to_tsvector('simple', 'w' || i % 5), numrange(i, i + 1.5), daterange('2020-01-01', date '2020-01-01' + i)
FROM generate_series(1, 500) i;
CREATE TABLE never (id int PRIMARY KEY, v text) WITH (autovacuum_enabled = off);
CREATE TABLE private (id int, owner text);
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON private USING (owner = current_user);
INSERT INTO private SELECT i, 'x' FROM generate_series(1, 200) i;
CREATE STATISTICS "St at" (ndistinct, dependencies, mcv) ON city, lowered FROM customers;
CREATE STATISTICS numbers (mcv) ON age, flag FROM customers;
CREATE STATISTICS upper_city ON (upper(city)), age FROM customers;
CREATE VIEW "View 1" AS SELECT id, city FROM customers;
CREATE VIEW grouped AS SELECT id, city, count(*) FROM customers GROUP BY id;
CREATE MATERIALIZED VIEW per_city AS SELECT city, count(*) AS n FROM customers GROUP BY city;
CREATE UNIQUE INDEX ON per_city (city);
CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql STABLE AS 'SELECT x * 2';
CREATE PROCEDURE nothing() LANGUAGE sql AS '';
CREATE SEQUENCE "Odd Schema"."Seq";
SELECT nextval('"Odd Schema"."Seq"'), nextval('"Odd Schema"."Seq"');
ANALYZE customers, "Odd Schema"."Order %s ""x""", "Odd Schema".customers, events, base, derived, shapes, private, per_city;
INSERT INTO never SELECT i, 'v' FROM generate_series(1, 300) i;
'''
