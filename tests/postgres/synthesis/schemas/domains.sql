-- Domains with expressions to match, one upon another, in arrays and as keys.
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$');
CREATE DOMAIN de_postal AS char(5) CHECK (VALUE ~ '^\d{5}$');
CREATE DOMAIN us_postal AS text CHECK (VALUE ~ '^\d{5}$' OR VALUE ~ '^\d{5}-\d{4}$');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN percent AS numeric(5, 2) NOT NULL DEFAULT 0 CHECK (VALUE >= 0 AND VALUE <= 100);
CREATE DOMAIN small_percent AS percent CHECK (VALUE <= 25);
CREATE DOMAIN hex_color AS varchar(7) CHECK (VALUE ~* '^#[a-f0-9]{6}$');
CREATE DOMAIN e164 AS text CHECK (VALUE ~ '^\+[1-9][0-9]{6,14}$');
CREATE DOMAIN country AS char(2) CHECK (VALUE IN ('DE', 'FR', 'US', 'GB') AND VALUE = upper(VALUE));
CREATE DOMAIN slug AS varchar(30) CHECK (VALUE ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$' AND char_length(VALUE) >= 3);
CREATE DOMAIN tags AS text[] CHECK (cardinality(VALUE) <= 3 AND array_position(VALUE, NULL) IS NULL);
CREATE DOMAIN utc AS timestamptz CHECK (VALUE >= '2000-01-01+00'::timestamptz);
CREATE DOMAIN iso_week AS text CHECK (VALUE SIMILAR TO '[0-9]{4}-W[0-5][0-9]');
CREATE DOMAIN key AS uuid;
CREATE TABLE contacts (id key PRIMARY KEY, email email NOT NULL UNIQUE, phone e164, postal de_postal, us_zip us_postal, country country NOT NULL, score positive, vat percent, discount small_percent, color hex_color, slug slug UNIQUE, labels tags, seen utc, week iso_week, others email[]);
CREATE TABLE visits (contact key NOT NULL REFERENCES contacts, n positive, day date NOT NULL, PRIMARY KEY (contact, n));
CREATE TABLE plates (plate varchar(12) PRIMARY KEY CHECK (plate SIMILAR TO '[A-Z]{1,3}-[A-Z]{1,2} [1-9][0-9]{0,3}'), isbn text UNIQUE CHECK (isbn ~ '^97[89]-\d-\d{4}-\d{4}-\d$'), mac text CHECK (mac ~ '^([0-9a-f]{2}:){5}[0-9a-f]{2}$'),
    ip text CHECK (ip ~ '^\d{1,3}(\.\d{1,3}){3}$'), version text CHECK (version ~ '^v?[0-9]+\.[0-9]+(\.[0-9]+)?$'), path text CHECK (path LIKE '/%' AND path NOT LIKE '%/'), free text CHECK (free !~ '[<>]' AND length(free) BETWEEN 3 AND 40));
INSERT INTO contacts SELECT md5(i::text)::uuid, 'user.' || i || '@mail' || i % 5 || '.example.com', CASE WHEN i % 3 > 0 THEN '+49301' || 100000 + i END, lpad((i * 17 % 100000)::text, 5, '0'), CASE WHEN i % 2 = 0 THEN lpad(i::text, 5, '0') ELSE lpad(i::text, 5, '0') || '-1234' END,
    (ARRAY['DE', 'FR', 'US', 'GB'])[i % 4 + 1], 1 + i % 90, i % 101, i % 26, '#' || lpad(to_hex(i * 999 % 16777216), 6, '0'), CASE WHEN i % 5 > 0 THEN 'page-' || i END, CASE WHEN i % 4 > 0 THEN (ARRAY['a', 'b', 'c'])[1:i % 4] END,
    timestamptz '2020-01-01' + i * interval '1 hour', (2020 + i % 5) || '-W' || lpad((1 + i % 52)::text, 2, '0'), CASE WHEN i % 6 = 0 THEN ARRAY['x' || i || '@example.org']::email[] END FROM generate_series(1, 1500) i;
INSERT INTO visits SELECT md5(i::text)::uuid, n, date '2024-01-01' + n FROM generate_series(1, 700) i, generate_series(1, 3) n;
INSERT INTO plates SELECT 'B-AB ' || i, '978-3-' || lpad(i::text, 4, '0') || '-1234-5', '00:1b:44:11:3a:' || lpad(to_hex(i % 256), 2, '0'), '10.0.' || i % 256 || '.7', 'v1.' || i % 30 || CASE WHEN i % 2 = 0 THEN '.0' ELSE '' END, '/a/' || i, 'free text ' || i FROM generate_series(1, 900) i;
ANALYZE;
