-- CHECKs that only the server can evaluate: checksums, functions, arrays, documents; keys among them.
CREATE FUNCTION luhn(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE total int := 0; digit int;
BEGIN
  FOR place IN 1..length($1) LOOP
    digit := substr($1, length($1) - place + 1, 1)::int * CASE WHEN place % 2 = 0 THEN 2 ELSE 1 END;
    total := total + digit / 10 + digit % 10;
  END LOOP;
  RETURN total % 10 = 0;
END $$;
CREATE FUNCTION valid_iban(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'; END $$;
CREATE FUNCTION is_ulid(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 ~ '^[0-7][0-9A-HJKMNP-TV-Z]{25}$' $$;
CREATE TABLE holders (
  id text PRIMARY KEY CHECK (is_ulid(id)), iban text CHECK (valid_iban(iban)),
  skills text[] NOT NULL CHECK (cardinality(skills) >= 1 AND cardinality(skills) <= 5 AND 'first aid' = ANY (skills)),
  settings jsonb NOT NULL CHECK (jsonb_typeof(settings) = 'object' AND settings ? 'theme'),
  weekdays int NOT NULL CHECK (weekdays & 127 = weekdays AND weekdays > 0));
CREATE TABLE cards (
  holder text NOT NULL REFERENCES holders, number varchar(19) NOT NULL UNIQUE CHECK (luhn(number)), is_default boolean NOT NULL,
  last4 char(4) GENERATED ALWAYS AS (right(number, 4)) STORED, CHECK (length(number) = 16));
CREATE UNIQUE INDEX one_default ON cards (holder) WHERE is_default;
CREATE TABLE hours (weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6), opens time NOT NULL CHECK (extract(minute FROM opens) IN (0, 30)), PRIMARY KEY (weekday, opens));
INSERT INTO holders SELECT '01HQ' || upper(translate(substr(md5(i::text), 1, 22), 'ilou', '1234')), CASE WHEN i % 4 > 0 THEN 'DE89' || lpad(i::text, 18, '0') END,
  ARRAY['first aid', 'x' || i % 3], jsonb_build_object('theme', i % 2), 1 + i % 127 FROM generate_series(1, 1500) i;
INSERT INTO cards SELECT h.id, n || d, h.r % 2 = 0 FROM (SELECT id, row_number() OVER (ORDER BY id) r FROM holders) h,
  LATERAL (SELECT '41111111' || lpad((h.r * 31)::text, 7, '0') n) x, generate_series(0, 9) d WHERE luhn(n || d);
INSERT INTO hours SELECT d, t FROM generate_series(0, 6) d, unnest(ARRAY['08:00', '13:30']::time[]) t;
ANALYZE
;
CREATE EXTENSION btree_gist;
CREATE TABLE cages (cage int NOT NULL, animal text NOT NULL, CONSTRAINT one_kind EXCLUDE USING gist (cage WITH =, animal WITH <>));
INSERT INTO cages SELECT i % 50, 'animal ' || i % 50 % 7 FROM generate_series(1, 1200) i;
ANALYZE
