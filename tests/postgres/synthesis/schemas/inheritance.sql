-- Classical inheritance: children with columns and checks of their own, a check that is not inherited, two parents.
CREATE TABLE parties (id int PRIMARY KEY, name text NOT NULL, kind text NOT NULL, CHECK (kind IN ('person', 'company', 'bot')));
CREATE TABLE persons (born date CHECK (born > '1900-01-01'), PRIMARY KEY (id), CHECK (kind = 'person')) INHERITS (parties);
CREATE TABLE companies (vat_id text CHECK (vat_id ~ '^[A-Z]{2}[0-9]{9}$'), PRIMARY KEY (id), CHECK (kind = 'company')) INHERITS (parties);
CREATE TABLE audited (changed_at timestamptz NOT NULL, changed_by text NOT NULL);
CREATE TABLE big_companies (employees int NOT NULL CHECK (employees >= 500), PRIMARY KEY (id)) INHERITS (companies, audited);
ALTER TABLE parties ADD CONSTRAINT only_bots_here CHECK (kind = 'bot') NO INHERIT;
CREATE TABLE person_notes (id int PRIMARY KEY, person_id int NOT NULL REFERENCES persons, note text);
INSERT INTO parties SELECT i, 'bot ' || i, 'bot' FROM generate_series(1, 100) i;
INSERT INTO persons SELECT 1000 + i, 'Ann ' || i, 'person', date '1950-01-01' + i * 10 FROM generate_series(1, 900) i;
INSERT INTO companies SELECT 3000 + i, 'ACME ' || i, 'company', 'DE' || lpad(i::text, 9, '0') FROM generate_series(1, 400) i;
INSERT INTO big_companies SELECT 5000 + i, 'Big ' || i, 'company', 'FR' || lpad(i::text, 9, '0'), timestamptz '2024-01-01' + i * interval '1 hour', 'admin', 500 + i FROM generate_series(1, 200) i;
INSERT INTO audited SELECT timestamptz '2023-01-01' + i * interval '1 hour', 'job' FROM generate_series(1, 50) i;
INSERT INTO person_notes SELECT i, 1000 + 1 + i % 900, 'note ' || i FROM generate_series(1, 1200) i;
ANALYZE;
