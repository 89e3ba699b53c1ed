-- From PostgreSQL 18: keys WITHOUT OVERLAPS, foreign keys over periods, virtual generated columns, not-null constraints not valid, checks not enforced.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE TABLE employment (employee int NOT NULL, valid daterange NOT NULL, title text NOT NULL, PRIMARY KEY (employee, valid WITHOUT OVERLAPS));
CREATE TABLE assignment (id int PRIMARY KEY, employee int NOT NULL, valid daterange NOT NULL, project text, FOREIGN KEY (employee, PERIOD valid) REFERENCES employment (employee, PERIOD valid));
CREATE TABLE measures (id int PRIMARY KEY, celsius numeric(5, 2) NOT NULL, fahrenheit numeric GENERATED ALWAYS AS (celsius * 1.8 + 32) VIRTUAL, key uuid NOT NULL DEFAULT uuidv7() UNIQUE, low int, high int, CONSTRAINT not_now CHECK (low < high) NOT ENFORCED);
INSERT INTO employment SELECT e, daterange(date '2020-01-01' + n * 365, date '2020-01-01' + n * 365 + 365), 'Title ' || n FROM generate_series(1, 150) e, generate_series(0, 3) n;
INSERT INTO assignment SELECT i, 1 + i % 150, daterange(date '2020-02-01' + i % 100, date '2020-06-01' + i % 100), 'P' || i % 9 FROM generate_series(1, 600) i;
INSERT INTO measures (id, celsius, low, high) SELECT i, i % 40 - 5, i % 7, i % 5 FROM generate_series(1, 800) i;
ANALYZE;
