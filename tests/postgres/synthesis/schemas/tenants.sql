-- Multi-tenant SaaS: every key begins with the tenant, foreign keys carry it, deleted rows stay.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TABLE tenants (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), slug varchar(40) NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{2,39}$'),
    plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'enterprise')), seats int NOT NULL CHECK (seats BETWEEN 1 AND 5000),
    created_at timestamptz NOT NULL DEFAULT now(), trial_ends_at timestamptz,
    CONSTRAINT trial_after_start CHECK (trial_ends_at IS NULL OR trial_ends_at > created_at)
);
CREATE TABLE users (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE, id bigint NOT NULL, email citext NOT NULL, display_name text NOT NULL CHECK (length(btrim(display_name)) > 0),
    role text NOT NULL CHECK (role = ANY (ARRAY['owner', 'admin', 'member', 'guest'])), invited_by bigint,
    last_seen timestamptz, deleted_at timestamptz, PRIMARY KEY (tenant_id, id),
    CONSTRAINT invited_in_tenant FOREIGN KEY (tenant_id, invited_by) REFERENCES users (tenant_id, id)
);
CREATE UNIQUE INDEX users_email_alive ON users (tenant_id, email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX one_owner ON users (tenant_id) WHERE role = 'owner' AND deleted_at IS NULL;
CREATE TABLE projects (
    tenant_id uuid NOT NULL, id bigint NOT NULL, key varchar(10) NOT NULL, owner_id bigint, archived boolean NOT NULL DEFAULT false, archived_at timestamptz,
    PRIMARY KEY (tenant_id, id), UNIQUE (tenant_id, key), FOREIGN KEY (tenant_id) REFERENCES tenants,
    FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id),
    CHECK (key ~ '^[A-Z]{2,6}[0-9]*$'), CHECK (archived = (archived_at IS NOT NULL))
);
CREATE TABLE issues (
    tenant_id uuid NOT NULL, project_id bigint NOT NULL, number int NOT NULL CHECK (number > 0), title varchar(200) NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'doing', 'done', 'wontfix')), assignee_id bigint, closed_at timestamptz, estimate numeric(5, 1) CHECK (estimate >= 0),
    PRIMARY KEY (tenant_id, project_id, number), FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES users (tenant_id, id),
    CONSTRAINT closed_has_time CHECK ((state IN ('done', 'wontfix')) = (closed_at IS NOT NULL))
);
CREATE INDEX ON issues (tenant_id, assignee_id) WHERE closed_at IS NULL;
INSERT INTO tenants SELECT md5('t' || i)::uuid, 'tenant-' || i, (ARRAY['free', 'free', 'team', 'enterprise'])[i % 4 + 1], 1 + i * 7 % 900,
    timestamptz '2023-01-01' + i * interval '1 day', CASE WHEN i % 3 = 0 THEN timestamptz '2023-02-01' + i * interval '1 day' END FROM generate_series(1, 60) i;
INSERT INTO users SELECT md5('t' || t)::uuid, i, 'User' || i || '@Tenant' || t || '.example', 'User ' || i, CASE WHEN i = 1 THEN 'owner' ELSE (ARRAY['admin', 'member', 'member', 'guest'])[i % 4 + 1] END,
    CASE WHEN i > 1 THEN 1 + i / 3 END, CASE WHEN i % 5 > 0 THEN timestamptz '2024-05-01' + i * interval '1 hour' END,
    CASE WHEN i % 11 = 0 THEN timestamptz '2024-06-01' END FROM generate_series(1, 60) t, generate_series(1, 30) i ORDER BY 1, 2;
INSERT INTO projects SELECT md5('t' || t)::uuid, i, 'PR' || i, CASE WHEN i % 4 > 0 THEN i END, i % 5 = 0, CASE WHEN i % 5 = 0 THEN timestamptz '2024-03-01' END
FROM generate_series(1, 60) t, generate_series(1, 8) i;
INSERT INTO issues SELECT md5('t' || t)::uuid, p, n, 'Fix ' || md5(n::text), CASE WHEN n % 3 = 0 THEN 'done' WHEN n % 17 = 1 THEN 'wontfix' ELSE 'open' END,
    CASE WHEN n % 2 = 0 THEN 1 + n % 30 END, CASE WHEN n % 3 = 0 OR n % 17 = 1 THEN timestamptz '2024-04-01' + n * interval '1 hour' END, CASE WHEN n % 4 = 0 THEN n % 21 / 2.0 END
FROM generate_series(1, 60) t, generate_series(1, 8) p, generate_series(1, 12) n;
ANALYZE;
