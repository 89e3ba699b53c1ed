-- Money: numeric(12,2) with CHECKs between columns, arithmetic included.
CREATE TABLE invoices (
    id bigint PRIMARY KEY, number text NOT NULL UNIQUE CHECK (number ~ '^INV-[0-9]{6}$'), net numeric(12, 2) NOT NULL CHECK (net > 0), tax numeric(12, 2) NOT NULL CHECK (tax >= 0), gross numeric(12, 2) NOT NULL,
    discount numeric(12, 2) NOT NULL DEFAULT 0.00, paid numeric(12, 2) NOT NULL DEFAULT 0, currency char(3) NOT NULL CHECK (currency = upper(currency) AND length(currency) = 3), issued date NOT NULL, due date NOT NULL, paid_on date,
    CONSTRAINT gross_adds_up CHECK (gross = net + tax), CONSTRAINT discount_in_net CHECK (discount >= 0 AND discount <= net), CONSTRAINT not_overpaid CHECK (paid <= gross),
    CHECK (due >= issued), CHECK (paid_on IS NULL OR paid_on >= issued), CHECK (issued >= DATE '2000-01-01')
);
CREATE TABLE payments (id bigint PRIMARY KEY, invoice_id bigint NOT NULL REFERENCES invoices, amount numeric(12, 2) NOT NULL CHECK (amount <> 0), method text NOT NULL, iban varchar(34), card_last4 char(4),
    CONSTRAINT iban_or_card CHECK (num_nonnulls(iban, card_last4) = 1), CONSTRAINT iban_shape CHECK (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'), CHECK (method IN ('sepa', 'card')),
    CONSTRAINT method_fits CHECK ((method = 'sepa') = (iban IS NOT NULL)));
CREATE TABLE balances (account int NOT NULL, day date NOT NULL, opening numeric(14, 4) NOT NULL, closing numeric(14, 4) NOT NULL, delta numeric(14, 4) NOT NULL, PRIMARY KEY (account, day), CHECK (closing - opening = delta));
CREATE TABLE rates (base char(3) NOT NULL, quote char(3) NOT NULL, rate numeric NOT NULL CHECK (rate > 0 AND rate < 1e6), low real, high real, PRIMARY KEY (base, quote), CHECK (base <> quote), CHECK (low <= high), CHECK (high - low < 10));
CREATE TABLE points (id int PRIMARY KEY, percent int NOT NULL CHECK (percent % 5 = 0 AND percent BETWEEN 0 AND 100), lat double precision CHECK (lat >= -90 AND lat <= 90), lon double precision CHECK (abs(lon) <= 180), CHECK ((lat IS NULL) = (lon IS NULL)));
INSERT INTO invoices SELECT i, 'INV-' || lpad(i::text, 6, '0'), 10 + i % 900, round((10 + i % 900) * 0.19, 2), 10 + i % 900 + round((10 + i % 900) * 0.19, 2), CASE WHEN i % 5 = 0 THEN 5 ELSE 0 END,
    CASE WHEN i % 2 = 0 THEN 10 + i % 900 ELSE 0 END, (ARRAY['EUR', 'USD', 'GBP'])[i % 3 + 1], date '2021-01-01' + i % 1200, date '2021-01-15' + i % 1200, CASE WHEN i % 2 = 0 THEN date '2021-01-09' + i % 1200 END FROM generate_series(1, 2000) i;
INSERT INTO payments SELECT i, 1 + i * 3 % 2000, CASE WHEN i % 40 = 0 THEN -5 ELSE 10 + i % 70 END, CASE WHEN i % 3 = 0 THEN 'card' ELSE 'sepa' END, CASE WHEN i % 3 > 0 THEN 'DE' || lpad((i * 97 % 100)::text, 2, '0') || lpad(i::text, 18, '0') END,
    CASE WHEN i % 3 = 0 THEN lpad((i % 10000)::text, 4, '0') END FROM generate_series(1, 2500) i;
INSERT INTO balances SELECT a, date '2024-01-01' + d, a * 10 + d, a * 10 + d + 1.25, 1.25 FROM generate_series(1, 50) a, generate_series(0, 19) d;
INSERT INTO rates SELECT x, y, 1.25, 1.1, 1.4 FROM unnest(ARRAY['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'SEK', 'NOK']) x, unnest(ARRAY['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'SEK', 'NOK']) y WHERE x <> y;
INSERT INTO points SELECT i, i % 21 * 5, CASE WHEN i % 4 > 0 THEN -80 + i % 160 END, CASE WHEN i % 4 > 0 THEN -170 + i % 340 END FROM generate_series(1, 800) i;
ANALYZE;
