-- jsonb with checked shapes, arrays with checked lengths, composite types, ranges, json and nested arrays.
CREATE TYPE address AS (street text, city text, zip char(5));
CREATE TYPE level AS ENUM ('debug', 'info', 'error');
CREATE TABLE documents (
    id uuid PRIMARY KEY, body jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'), meta json, tags text[] NOT NULL DEFAULT '{}' CHECK (array_length(tags, 1) IS NULL OR array_length(tags, 1) <= 5), scores int[] CHECK (0 <= ALL (scores)), matrix float8[][],
    levels level[], home address, homes address[], valid daterange, prices numrange CHECK (lower(prices) >= 0), spans int8multirange, CONSTRAINT has_kind CHECK (body ? 'kind')
);
CREATE INDEX ON documents USING gin (body jsonb_path_ops);
CREATE INDEX ON documents USING gin (tags);
CREATE UNIQUE INDEX documents_ref ON documents ((body ->> 'ref')) WHERE body ? 'ref';
CREATE TABLE webhooks (id bigint PRIMARY KEY, document_id uuid REFERENCES documents, payload jsonb CHECK (payload IS NULL OR jsonb_typeof(payload) IN ('object', 'array')), headers jsonb NOT NULL DEFAULT '{}', retries smallint[] NOT NULL CHECK (cardinality(retries) = 3),
    config jsonb NOT NULL CHECK ((config ->> 'timeout')::int BETWEEN 1 AND 60), attachments bytea[], received timestamptz[] );
CREATE TABLE settings (scope text NOT NULL, name text NOT NULL, value jsonb NOT NULL, PRIMARY KEY (scope, name), CHECK (value <> 'null'::jsonb));
INSERT INTO documents SELECT md5(i::text)::uuid, jsonb_build_object('kind', (ARRAY['a', 'b'])[i % 2 + 1], 'n', i % 40) || CASE WHEN i % 2 = 0 THEN jsonb_build_object('ref', 'R' || i) ELSE '{}' END, CASE WHEN i % 3 = 0 THEN json_build_array(i % 5, NULL, 'x"y') END,
    (ARRAY['red', 'blue, green', 'it''s "q"', 'NULL', ''])[1:i % 6], CASE WHEN i % 4 > 0 THEN ARRAY[i % 10, i % 7] END, CASE WHEN i % 9 = 0 THEN ARRAY[[1, 2], [3, i % 5]]::float8[][] END, CASE WHEN i % 2 = 0 THEN ARRAY['info', 'error']::level[] END,
    ROW('Main St. "' || i % 9 || '"', 'Town, X', lpad((i % 1000)::text, 5, '0'))::address, CASE WHEN i % 8 = 0 THEN ARRAY[ROW('a', NULL, '00001')::address] END, daterange(date '2024-01-01', CASE WHEN i % 5 > 0 THEN date '2024-02-01' + i % 30 END),
    CASE WHEN i % 3 > 0 THEN numrange(i % 50, i % 50 + 9.5) END, CASE WHEN i % 7 = 0 THEN int8multirange(int8range(1, 5), int8range(10, 20 + i % 6)) END FROM generate_series(1, 1200) i;
INSERT INTO webhooks SELECT i, CASE WHEN i % 5 > 0 THEN md5((1 + i % 1200)::text)::uuid END, CASE i % 3 WHEN 0 THEN '{"a": [1, {"b": null}]}' WHEN 1 THEN '[1, "two"]' END::jsonb, '{"Content-Type": "application/json"}', ARRAY[1, 2, i % 5],
    jsonb_build_object('timeout', 1 + i % 60), CASE WHEN i % 11 = 0 THEN ARRAY['\xdeadbeef'::bytea] END, CASE WHEN i % 10 = 0 THEN ARRAY[timestamptz '2024-01-01'] END FROM generate_series(1, 1500) i;
INSERT INTO settings SELECT 'user:' || i / 3, (ARRAY['theme', 'lang', 'tz'])[i % 3 + 1], to_jsonb(i % 4) FROM generate_series(0, 899) i;
ANALYZE;
