-- Bookings that must not overlap: ranges alone, an integer beside the range (btree_gist), and only while not cancelled.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE rooms (id int PRIMARY KEY, name text NOT NULL UNIQUE, capacity smallint NOT NULL CHECK (capacity > 0));
CREATE TABLE bookings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, room_id int NOT NULL REFERENCES rooms, during tstzrange NOT NULL CHECK (NOT isempty(during)),
    guest text NOT NULL, status text NOT NULL CHECK (status IN ('held', 'confirmed', 'cancelled')),
    EXCLUDE USING gist (room_id WITH =, during WITH &&) WHERE (status <> 'cancelled')
);
CREATE TABLE maintenance (window_ daterange PRIMARY KEY, reason text, EXCLUDE USING gist (window_ WITH &&));
CREATE TABLE tariffs (room_id int REFERENCES rooms, valid_from date NOT NULL, valid_to date NOT NULL, price numeric(8, 2) NOT NULL CHECK (price > 0), CHECK (valid_from < valid_to),
    EXCLUDE USING gist (room_id WITH =, daterange(valid_from, valid_to, '[)') WITH &&));
CREATE TABLE seats (flight int NOT NULL, span int4range NOT NULL, EXCLUDE USING gist (span WITH &&, int4range(flight, flight, '[]') WITH =));
INSERT INTO rooms SELECT i, 'Room ' || i, 1 + i % 6 FROM generate_series(1, 40) i;
INSERT INTO bookings (room_id, during, guest, status) SELECT r, tstzrange(timestamptz '2024-01-01 14:00+00' + n * interval '3 days', timestamptz '2024-01-01 10:00+00' + n * interval '3 days' + (1 + n % 3) * interval '1 day'),
    'Guest ' || n, (ARRAY['held', 'confirmed', 'confirmed', 'cancelled'])[n % 4 + 1] FROM generate_series(1, 40) r, generate_series(1, 60) n;
INSERT INTO maintenance SELECT daterange(date '2020-01-01' + i * 10, date '2020-01-01' + i * 10 + 1 + i % 9), 'why ' || i FROM generate_series(1, 120) i;
INSERT INTO tariffs SELECT r, date '2023-01-01' + n * 30, date '2023-01-01' + n * 30 + 30, 50 + r + n FROM generate_series(1, 40) r, generate_series(1, 12) n;
INSERT INTO seats SELECT i % 20, int4range(i * 4, i * 4 + 3) FROM generate_series(1, 400) i;
ANALYZE;
