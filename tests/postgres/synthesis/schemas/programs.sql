-- A database that does things: triggers that refuse or change rows, checks that call functions, views, rules, policies, sequences shared by tables.
CREATE FUNCTION is_luhn(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT sum(CASE WHEN n % 2 = 0 THEN d ELSE (d * 2) / 10 + (d * 2) % 10 END) % 10 = 0
    FROM (SELECT (substr(reverse($1), i, 1))::int AS d, i + 1 AS n FROM generate_series(1, length($1)) i) digits $$;
CREATE FUNCTION even(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 % 2 = 0; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rows of % come from the importer only', TG_TABLE_NAME; END $$;
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit_log (what) VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
CREATE SEQUENCE shared_ids;
CREATE TABLE audit_log (id bigserial PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE cards (id bigint PRIMARY KEY DEFAULT nextval('shared_ids'), pan text NOT NULL UNIQUE CHECK (length(pan) = 8 AND pan ~ '^[0-9]+$'), updated_at timestamptz);
CREATE TABLE pairs (id bigint PRIMARY KEY DEFAULT nextval('shared_ids'), n int NOT NULL CHECK (even(n)), m int CHECK (m > n), updated_at timestamptz NOT NULL, owner text NOT NULL);
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON cards FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER log AFTER INSERT ON pairs FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE VIEW even_pairs AS SELECT id, n FROM pairs WHERE n > 10;
CREATE MATERIALIZED VIEW pair_counts AS SELECT owner, count(*) AS n FROM pairs GROUP BY owner;
CREATE UNIQUE INDEX ON pair_counts (owner);
ALTER TABLE pairs ENABLE ROW LEVEL SECURITY;
ALTER TABLE pairs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON pairs USING (owner = current_user) WITH CHECK (owner = current_user);
INSERT INTO cards (pan) SELECT lpad((10000000 + i * 7)::text, 8, '0') FROM generate_series(1, 800) i;
INSERT INTO pairs (n, m, updated_at, owner) SELECT i * 2, CASE WHEN i % 3 > 0 THEN i * 2 + 1 + i % 9 END, timestamptz '2024-01-01' + i * interval '1 hour', 'owner' || i % 5 FROM generate_series(1, 900) i;
CREATE TRIGGER refuse BEFORE INSERT ON cards FOR EACH ROW EXECUTE FUNCTION refuse_all();
CREATE RULE nothing_new AS ON INSERT TO audit_log WHERE NEW.what = 'forbidden' DO INSTEAD NOTHING;
REFRESH MATERIALIZED VIEW pair_counts;
ANALYZE;
