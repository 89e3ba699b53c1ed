-- Status as an enum, as CHECK IN, as a number, as letters; with columns that the status demands.
CREATE TYPE order_status AS ENUM ('draft', 'placed', 'paid', 'shipped', 'delivered', 'returned');
CREATE TYPE priority AS ENUM ('low', 'normal', 'high');
CREATE TABLE orders (
    id int PRIMARY KEY, status order_status NOT NULL DEFAULT 'draft', priority priority, placed_at timestamptz, shipped_at timestamptz, delivered_at timestamptz, tracking varchar(20),
    CONSTRAINT placed_unless_draft CHECK (status = 'draft' OR placed_at IS NOT NULL),
    CONSTRAINT shipped_has_time CHECK (status <> 'shipped' OR shipped_at IS NOT NULL),
    CONSTRAINT delivered_complete CHECK (status NOT IN ('delivered', 'returned') OR (shipped_at IS NOT NULL AND delivered_at IS NOT NULL AND tracking IS NOT NULL)),
    CONSTRAINT in_order CHECK (placed_at <= shipped_at AND shipped_at <= delivered_at)
);
CREATE TABLE tickets (id int PRIMARY KEY, level smallint NOT NULL CHECK (level IN (1, 2, 3)), code character varying(1) NOT NULL CHECK (code = ANY (ARRAY['O', 'C', 'X'])), reason text,
    CONSTRAINT reason_when_cancelled CHECK (CASE WHEN code = 'X' THEN reason IS NOT NULL ELSE reason IS NULL END), assignee text, team text, CHECK (assignee IS NOT NULL OR team IS NOT NULL));
CREATE TABLE shipments (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, carrier text CHECK (carrier IN ('dhl', 'ups') OR carrier LIKE 'local-%'), weight_kg real CHECK (weight_kg > 0 AND weight_kg <= 31.5), kind priority NOT NULL CHECK (kind <> 'low'),
    insured boolean, value numeric(9, 2), CHECK (NOT insured OR value > 0));
CREATE TABLE polymorphic (id int PRIMARY KEY, owner_type text NOT NULL CHECK (owner_type IN ('order', 'ticket')), order_id int REFERENCES orders, ticket_id int REFERENCES tickets,
    CHECK ((owner_type = 'order' AND order_id IS NOT NULL AND ticket_id IS NULL) OR (owner_type = 'ticket' AND ticket_id IS NOT NULL AND order_id IS NULL)));
CREATE TABLE job_queue (id int PRIMARY KEY, state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')), locked_by text, attempts int NOT NULL DEFAULT 0, max_attempts int NOT NULL DEFAULT 5,
    CHECK (attempts >= 0 AND attempts <= max_attempts), CHECK (state <> 'running' OR locked_by IS NOT NULL), CHECK (state = 'running' OR locked_by IS NULL));
CREATE UNIQUE INDEX one_running ON job_queue (locked_by) WHERE state = 'running';
INSERT INTO orders SELECT i, s, CASE WHEN i % 4 = 0 THEN NULL ELSE (ARRAY['low', 'normal', 'high'])[i % 3 + 1]::priority END,
    CASE WHEN s > 'draft' THEN timestamptz '2024-01-01' + i * interval '1 hour' END, CASE WHEN s >= 'shipped' THEN timestamptz '2024-01-02' + i * interval '1 hour' END,
    CASE WHEN s >= 'delivered' THEN timestamptz '2024-01-04' + i * interval '1 hour' END, CASE WHEN s >= 'shipped' THEN 'TRK' || i END
FROM (SELECT i, (ARRAY['draft', 'placed', 'paid', 'shipped', 'delivered', 'delivered', 'delivered', 'returned'])[i % 8 + 1]::order_status AS s FROM generate_series(1, 2000) i) x;
INSERT INTO tickets SELECT i, 1 + i % 3, (ARRAY['O', 'C', 'X'])[i % 3 + 1], CASE WHEN i % 3 = 2 THEN 'because ' || i % 9 END, CASE WHEN i % 2 = 0 THEN 'ann' END, CASE WHEN i % 2 = 1 OR i % 10 = 0 THEN 'blue' END FROM generate_series(1, 1200) i;
INSERT INTO shipments SELECT i, 1 + i % 2000, (ARRAY['dhl', 'ups', 'local-berlin', NULL])[i % 4 + 1], 0.5 + i % 30, (ARRAY['normal', 'high'])[i % 2 + 1]::priority, i % 3 = 0, CASE WHEN i % 3 = 0 THEN 10 + i % 90 END FROM generate_series(1, 1500) i;
INSERT INTO polymorphic SELECT i, CASE WHEN i % 2 = 0 THEN 'order' ELSE 'ticket' END, CASE WHEN i % 2 = 0 THEN i END, CASE WHEN i % 2 = 1 THEN i END FROM generate_series(1, 1000) i;
INSERT INTO job_queue SELECT i, CASE WHEN i <= 40 THEN 'running' ELSE (ARRAY['queued', 'done', 'failed'])[i % 3 + 1] END, CASE WHEN i <= 40 THEN 'worker-' || i END, i % 6 FROM generate_series(1, 1000) i;
ANALYZE;
