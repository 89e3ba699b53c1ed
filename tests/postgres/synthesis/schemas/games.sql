-- Tight uniqueness: keys of few possible values, nearly all of them used; unique over all columns; permutations.
CREATE TABLE boards (id int PRIMARY KEY);
CREATE TABLE squares (board int NOT NULL REFERENCES boards, x smallint NOT NULL CHECK (x BETWEEN 1 AND 8), y smallint NOT NULL CHECK (y BETWEEN 1 AND 8), piece "char" CHECK (piece IN ('K', 'Q', 'R')), PRIMARY KEY (board, x, y));
CREATE TABLE ranks (season int NOT NULL, position int NOT NULL CHECK (position BETWEEN 1 AND 20), team text NOT NULL, PRIMARY KEY (season, position), UNIQUE (season, team));
CREATE TABLE bits (b boolean NOT NULL, c boolean NOT NULL, d char(1) NOT NULL CHECK (d IN ('x', 'y')), UNIQUE (b, c, d));
CREATE TABLE letters (letter char(1) PRIMARY KEY CHECK (letter ~ '^[A-Z]$'), frequency real);
CREATE TABLE votes (poll int NOT NULL, voter int NOT NULL, choice smallint NOT NULL CHECK (choice IN (1, 2, 3)), UNIQUE (poll, voter), UNIQUE (voter, poll, choice));
CREATE TABLE sort_order (list int NOT NULL, item int NOT NULL, position int NOT NULL, PRIMARY KEY (list, item), UNIQUE (list, position) DEFERRABLE INITIALLY IMMEDIATE);
INSERT INTO boards SELECT i FROM generate_series(1, 20) i;
INSERT INTO squares SELECT b, x, y, CASE (x + y) % 5 WHEN 0 THEN 'K' WHEN 1 THEN 'Q' END::"char" FROM generate_series(1, 20) b, generate_series(1, 8) x, generate_series(1, 8) y;
INSERT INTO ranks SELECT s, p, 'Team ' || (p + s) % 20 FROM generate_series(2000, 2024) s, generate_series(1, 20) p;
INSERT INTO bits SELECT b, c, d FROM unnest(ARRAY[true, false]) b, unnest(ARRAY[true, false]) c, unnest(ARRAY['x', 'y']) d;
INSERT INTO letters SELECT chr(64 + i), i / 100.0 FROM generate_series(1, 26) i;
INSERT INTO votes SELECT p, v, 1 + (p + v) % 3 FROM generate_series(1, 25) p, generate_series(1, 60) v;
INSERT INTO sort_order SELECT l, i, i FROM generate_series(1, 80) l, generate_series(1, 10) i;
ANALYZE;
