-- Columns that CHECKs tie together: truths that must be equal, times in order, one of two, documents of a kind; nothing overlaps.
CREATE EXTENSION btree_gist;
CREATE TABLE people (id int PRIMARY KEY, guest_email text CHECK (guest_email = lower(guest_email)), born date CHECK (born > '1900-01-01' AND born < '2020-01-01'), boss int REFERENCES people, CHECK (boss <> id));
CREATE TABLE purchases (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person int REFERENCES people, guest text, status text NOT NULL, currency char(3) NOT NULL,
  placed_at timestamptz NOT NULL, paid_at timestamptz, sent_at timestamptz, attributes jsonb NOT NULL, price numeric(10, 2) NOT NULL, fee numeric(10, 2) NOT NULL, net numeric(10, 2) NOT NULL,
  CHECK (num_nonnulls(person, guest) = 1), CHECK (status IN ('new', 'paid', 'sent')), CHECK ((status IN ('paid', 'sent')) = (paid_at IS NOT NULL)), CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
  CHECK (paid_at >= placed_at AND (sent_at IS NULL OR sent_at >= paid_at)), CHECK (currency = upper(currency)), CHECK (jsonb_typeof(attributes) = 'object' AND attributes ? 'size'), CHECK (price > 0 AND net = price - fee));
CREATE TABLE desks (desk int NOT NULL, during tstzrange NOT NULL CHECK (NOT isempty(during)), person int NOT NULL REFERENCES people, state text NOT NULL CHECK (state IN ('held', 'taken', 'free')), EXCLUDE USING gist (desk WITH =, during WITH &&) WHERE (state <> 'free'));
INSERT INTO people SELECT i, CASE WHEN i % 3 = 0 THEN 'p' || i || '@mail.org' END, date '1950-01-01' + i * 13, CASE WHEN i > 5 THEN 1 + i % 5 END FROM generate_series(1, 1200) i;
INSERT INTO purchases (person, guest, status, currency, placed_at, paid_at, sent_at, attributes, price, fee, net)
SELECT CASE WHEN i % 5 > 0 THEN 1 + i % 1200 END, CASE WHEN i % 5 = 0 THEN 'guest ' || i END, s, (ARRAY['EUR', 'USD'])[1 + i % 2], t, CASE WHEN s <> 'new' THEN t + interval '1 hour' END,
  CASE WHEN s = 'sent' THEN t + interval '2 days' END, jsonb_build_object('size', i % 9), 10 + i % 90, 1, 9 + i % 90
FROM (SELECT i, (ARRAY['new', 'paid', 'sent', 'sent'])[1 + i % 4] s, timestamptz '2024-01-01' + i * interval '73 minutes' t FROM generate_series(1, 1600) i) x;
INSERT INTO desks SELECT i % 40, tstzrange(t, t + interval '8 hours'), 1 + i % 1200, (ARRAY['held', 'taken', 'taken', 'free'])[1 + i % 4] FROM (SELECT i, timestamptz '2024-03-01 08:00+00' + i / 40 * interval '1 day' t FROM generate_series(0, 1199) i) x;
ANALYZE
