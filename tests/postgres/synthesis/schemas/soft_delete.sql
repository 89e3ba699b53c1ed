-- Unique among the living only; unique whatever the case; unique over an expression of two columns; NULLs that count as equal.
CREATE TABLE members (id bigserial PRIMARY KEY, email varchar(120) NOT NULL, phone text, country char(2) NOT NULL DEFAULT 'DE', is_deleted boolean NOT NULL DEFAULT false, deleted_at timestamp,
    created_at timestamp NOT NULL DEFAULT now(), CONSTRAINT deleted_consistent CHECK ((is_deleted AND deleted_at IS NOT NULL) OR (NOT is_deleted AND deleted_at IS NULL)));
CREATE UNIQUE INDEX members_email ON members (lower(email)) WHERE NOT is_deleted;
CREATE UNIQUE INDEX members_phone ON members (country, phone) WHERE phone IS NOT NULL AND deleted_at IS NULL;
CREATE TABLE slugs (id int PRIMARY KEY, site int NOT NULL, slug text NOT NULL, lang text, UNIQUE NULLS NOT DISTINCT (site, slug, lang));
CREATE UNIQUE INDEX slug_text ON slugs ((site::text || '/' || slug || '/' || coalesce(lang, '')));
CREATE TABLE addresses (id int PRIMARY KEY, member_id bigint NOT NULL REFERENCES members, street text NOT NULL, is_default boolean NOT NULL DEFAULT false, kind text NOT NULL CHECK (kind IN ('home', 'work', 'billing')));
CREATE UNIQUE INDEX one_default ON addresses (member_id) WHERE is_default;
CREATE UNIQUE INDEX one_billing ON addresses (member_id, kind) WHERE kind = 'billing';
CREATE TABLE versions (doc int NOT NULL, version int NOT NULL CHECK (version >= 1), current boolean NOT NULL, body text, PRIMARY KEY (doc, version));
CREATE UNIQUE INDEX one_current ON versions (doc) WHERE current;
INSERT INTO members (email, phone, is_deleted, deleted_at, created_at) SELECT CASE WHEN i % 10 = 0 THEN 'gone@example.com' ELSE 'Member' || i || '@Example.com' END, CASE WHEN i % 3 = 0 THEN '+49 30 ' || i END,
    i % 10 = 0, CASE WHEN i % 10 = 0 THEN timestamp '2024-02-02' END, timestamp '2020-01-01' + i * interval '1 day' FROM generate_series(1, 1500) i;
INSERT INTO slugs SELECT i, i % 9, 'slug-' || i / 3, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'de' ELSE 'en' END FROM generate_series(1, 900) i;
INSERT INTO addresses SELECT i, 1 + i % 1500, 'Street ' || i % 300, i <= 1400, (ARRAY['home', 'work', 'home'])[i % 3 + 1] FROM generate_series(1, 3000) i;
INSERT INTO addresses SELECT 10000 + i, i, 'Billing ' || i, false, 'billing' FROM generate_series(1, 500) i;
INSERT INTO versions SELECT d, v, v = 3, 'body ' || v FROM generate_series(1, 500) d, generate_series(1, 3) v;
ANALYZE;
