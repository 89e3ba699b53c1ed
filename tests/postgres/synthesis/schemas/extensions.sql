-- Types that extensions bring: hstore, ltree, citext, cube, vector, isn's; one of them a key.
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE SCHEMA ext;
CREATE EXTENSION IF NOT EXISTS intarray SCHEMA ext;
CREATE EXTENSION IF NOT EXISTS seg SCHEMA ext;
CREATE TABLE nodes (path ltree PRIMARY KEY, name citext NOT NULL, props hstore NOT NULL DEFAULT '', position_ cube, CHECK (nlevel(path) BETWEEN 1 AND 6));
CREATE INDEX ON nodes USING gist (path);
CREATE UNIQUE INDEX ON nodes (name);
CREATE TABLE readings (id int PRIMARY KEY, node ltree NOT NULL REFERENCES nodes, extent ext.seg, tags int[], label citext CHECK (label IN ('hot', 'cold')), paths ltree[]);
CREATE INDEX ON readings USING gist (tags ext.gist__int_ops);
INSERT INTO nodes SELECT ('top.g' || i % 10 || '.n' || i)::ltree, 'Node ' || i, hstore('k' || i % 4, 'v"' || i % 9), cube(ARRAY[i, i % 7]) FROM generate_series(1, 600) i;
INSERT INTO readings SELECT i, ('top.g' || (1 + i % 600) % 10 || '.n' || 1 + i % 600)::ltree, (i || ' .. ' || i + 2)::ext.seg, ARRAY[i % 5, i % 9], (ARRAY['HOT', 'cold'])[i % 2 + 1], CASE WHEN i % 4 = 0 THEN ARRAY['a.b'::ltree] END FROM generate_series(1, 1000) i;
ANALYZE;
