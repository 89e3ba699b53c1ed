-- A column of every built-in type, most of them nullable, some as keys.
CREATE TABLE everything (
    c_smallint smallint, c_int int NOT NULL, c_bigint bigint, c_real real, c_double double precision, c_numeric numeric, c_numeric_scaled numeric(20, 6), c_numeric_wide numeric(40, 0), c_numeric_negative numeric(5, -2), c_money money, c_bool boolean,
    c_char char, c_char10 char(10), c_varchar varchar, c_varchar3 varchar(3), c_text text, c_name name, c_internal "char", c_bytea bytea,
    c_date date, c_time time, c_time3 time(3), c_timetz timetz, c_timestamp timestamp, c_timestamp0 timestamp(0), c_timestamptz timestamptz, c_interval interval, c_interval_day interval day to second(0),
    c_uuid uuid PRIMARY KEY, c_inet inet, c_cidr cidr, c_macaddr macaddr, c_macaddr8 macaddr8, c_bit bit, c_bit8 bit(8), c_varbit bit varying(12), c_point point, c_line line, c_lseg lseg, c_box box, c_path path, c_polygon polygon, c_circle circle,
    c_tsvector tsvector, c_tsquery tsquery, c_json json, c_jsonb jsonb, c_jsonpath jsonpath, c_oid oid, c_regclass regclass, c_pg_lsn pg_lsn, c_xid8 xid8,
    c_int4range int4range, c_int8range int8range, c_numrange numrange, c_tsrange tsrange, c_tstzrange tstzrange, c_daterange daterange, c_datemultirange datemultirange, c_ints int[], c_texts text[], c_dates date[], c_uuids uuid[], c_bools boolean[]
);
CREATE TABLE by_inet (address inet PRIMARY KEY, hits int NOT NULL DEFAULT 0);
CREATE TABLE by_bytea (digest bytea PRIMARY KEY CHECK (octet_length(digest) = 16), mac macaddr UNIQUE, flags bit(16) NOT NULL);
CREATE TABLE by_time (at time NOT NULL, day date NOT NULL, length interval NOT NULL CHECK (length > '0'::interval AND length < '1 day'), zone timetz, PRIMARY KEY (day, at));
CREATE TABLE by_bool (flag boolean PRIMARY KEY, note text);
CREATE TABLE by_float (x float8 PRIMARY KEY, y real NOT NULL UNIQUE, z numeric(6, 3) NOT NULL UNIQUE);
CREATE TABLE uses_inet (id int PRIMARY KEY, address inet NOT NULL REFERENCES by_inet, digest bytea REFERENCES by_bytea, day date, at time, FOREIGN KEY (day, at) REFERENCES by_time);
INSERT INTO everything SELECT i % 300, i, i::bigint * 1000000007, i / 7.0, i * 1.1e9, i / 3.0, i / 7.0, 10::numeric ^ 30 + i, i * 100, i::numeric / 100, i % 3 = 0, chr(65 + i % 26), 'c' || i % 50, 'v' || i % 200, 'abc', CASE WHEN i % 9 = 0 THEN '' ELSE 'text ' || md5(i::text) END, 'name' || i % 30, 'x', decode(md5(i::text), 'hex'),
    date '2020-01-01' + i % 1500, time '00:00' + i * interval '1 second', time '00:00' + i * interval '1.001 second', timetz '12:00+02' + i * interval '1 second', timestamp '2024-01-01' + i * interval '1 minute', timestamp '2024-01-01' + i * interval '1 hour', timestamptz '2024-01-01' + i * interval '1 minute', i * interval '1 day 2 seconds', i * interval '1 minute',
    md5(i::text)::uuid, ('10.' || i % 200 || '.0.1')::inet, ('10.' || i % 200 || '.0.0/16')::cidr, ('08:00:2b:01:02:' || lpad(to_hex(i % 256), 2, '0'))::macaddr, ('08:00:2b:01:02:03:04:' || lpad(to_hex(i % 256), 2, '0'))::macaddr8, (i % 2)::bit, (i % 256)::bit(8), B'10110', point(i, 1), line(point(0, 0), point(1, i)), lseg(point(0, 0), point(1, i)), box(point(0, 0), point(i, i)), path(polygon(box(point(0, 0), point(i, i)))), polygon(box(point(0, 0), point(i, i))), circle(point(0, 0), i),
    to_tsvector('simple', 'word' || i % 40), to_tsquery('simple', 'word' || i % 40), '{"a": 1}', jsonb_build_object('k', i % 30), '$.k', i, 'pg_class'::regclass, '0/16B3748', '42',
    int4range(i, i + 10), int8range(i, NULL), numrange(i, i + 0.5, '[]'), tsrange('2024-01-01', '2024-02-01'), tstzrange('2024-01-01', '2024-02-01'), daterange('2024-01-01', date '2024-01-02' + i), '{[2024-01-01,2024-02-01)}', ARRAY[i % 5, NULL], ARRAY['a,b', 'c"d'], ARRAY[date '2024-01-01' + i % 9], ARRAY[md5(i::text)::uuid], ARRAY[true, false]
FROM generate_series(1, 800) i;
INSERT INTO everything (c_int, c_uuid) SELECT i, md5('n' || i)::uuid FROM generate_series(1, 100) i;
INSERT INTO by_inet SELECT ('192.168.' || i / 250 || '.' || i % 250)::inet, i FROM generate_series(1, 600) i;
INSERT INTO by_bytea SELECT decode(md5(i::text), 'hex'), ('08:00:2b:01:' || lpad(to_hex(i / 256), 2, '0') || ':' || lpad(to_hex(i % 256), 2, '0'))::macaddr, i::bit(16) FROM generate_series(1, 500) i;
INSERT INTO by_time SELECT time '08:00' + i % 20 * interval '30 minutes', date '2024-01-01' + i / 20, (1 + i % 100) * interval '10 minutes', timetz '08:00+01' + i * interval '1 minute' FROM generate_series(1, 700) i;
INSERT INTO by_bool VALUES (true, 'yes'), (false, 'no');
INSERT INTO by_float SELECT i / 3.0, i * 0.5, i / 8.0 FROM generate_series(1, 500) i;
INSERT INTO uses_inet SELECT i, ('192.168.' || (1 + i % 600) / 250 || '.' || (1 + i % 600) % 250)::inet, CASE WHEN i % 2 = 0 THEN decode(md5((1 + i % 500)::text), 'hex') END, date '2024-01-01' + (1 + i % 700) / 20, time '08:00' + (1 + i % 700) % 20 * interval '30 minutes' FROM generate_series(1, 900) i;
ANALYZE;
