-- Validity periods as two columns and as ranges, adjacent, open-ended, unique per subject; shifts of the day; exclusion by expression and in an inherited hierarchy of constraints.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE staff (id int PRIMARY KEY, badge text NOT NULL UNIQUE);
CREATE TABLE contracts (id int PRIMARY KEY, staff_id int NOT NULL REFERENCES staff, starts date NOT NULL, ends date, hours numeric(3, 1) NOT NULL CHECK (hours > 0 AND hours <= 48), CHECK (ends IS NULL OR ends > starts),
    CONSTRAINT one_at_a_time EXCLUDE USING gist (staff_id WITH =, daterange(starts, COALESCE(ends, 'infinity'::date), '[)') WITH &&));
CREATE TABLE shifts (id int PRIMARY KEY, staff_id int NOT NULL REFERENCES staff, slot tsrange NOT NULL, CHECK (lower(slot) IS NOT NULL AND upper(slot) IS NOT NULL), CHECK (upper(slot) - lower(slot) <= interval '12 hours'),
    EXCLUDE USING gist (staff_id WITH =, slot WITH &&) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE opening (weekday smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7), opens time NOT NULL, closes time NOT NULL, CHECK (opens < closes), UNIQUE (weekday, opens));
CREATE TABLE prices (sku text NOT NULL, valid tstzrange NOT NULL DEFAULT tstzrange(now(), NULL), amount numeric(10, 2) NOT NULL CHECK (amount > 0), PRIMARY KEY (sku, valid), EXCLUDE USING gist (sku WITH =, valid WITH &&));
CREATE TABLE subnets (net cidr NOT NULL, owner text, EXCLUDE USING gist (net inet_ops WITH &&));
CREATE TABLE zones (id int PRIMARY KEY, area box NOT NULL, EXCLUDE USING gist (area WITH &&));
INSERT INTO staff SELECT i, 'B' || i FROM generate_series(1, 120) i;
INSERT INTO contracts SELECT i, 1 + i % 120, date '2015-01-01' + (i / 120) * 400, CASE WHEN i < 480 THEN date '2015-01-01' + (i / 120) * 400 + 399 END, 20 + i % 20 FROM generate_series(1, 599) i;
INSERT INTO shifts SELECT i, 1 + i % 120, tsrange(timestamp '2024-01-01 08:00' + (i / 120) * interval '1 day', timestamp '2024-01-01 16:00' + (i / 120) * interval '1 day') FROM generate_series(1, 1800) i;
INSERT INTO opening SELECT d, o, o + interval '3 hours' FROM generate_series(1, 7) d, unnest(ARRAY[time '08:00', time '13:00']) o;
INSERT INTO prices SELECT 'S' || s, tstzrange(timestamptz '2023-01-01+00' + n * interval '30 days', CASE WHEN n < 9 THEN timestamptz '2023-01-31+00' + n * interval '30 days' END), 5 + n FROM generate_series(1, 100) s, generate_series(0, 9) n;
INSERT INTO subnets SELECT ('10.' || i || '.0.0/16')::cidr, 'o' || i % 5 FROM generate_series(1, 200) i;
INSERT INTO zones SELECT i, box(point(i * 2, 0), point(i * 2 + 1, 1)) FROM generate_series(1, 200) i;
ANALYZE;
