-- Departments have a head, employees a department and a manager; a pair of tables that each need the other, deferred.
CREATE TABLE departments (id int PRIMARY KEY, name text NOT NULL UNIQUE, head_id int, parent_id int REFERENCES departments, CHECK (parent_id <> id));
CREATE TABLE employees (id int PRIMARY KEY, name text NOT NULL, department_id int NOT NULL REFERENCES departments, manager_id int REFERENCES employees, mentor_id int REFERENCES employees,
    salary numeric(10, 2) NOT NULL CHECK (salary > 0), hired date NOT NULL, left_on date, CHECK (left_on IS NULL OR left_on > hired), CHECK (manager_id IS DISTINCT FROM id));
ALTER TABLE departments ADD CONSTRAINT head_is_employee FOREIGN KEY (head_id) REFERENCES employees (id);
CREATE TABLE accounts (id int PRIMARY KEY, primary_card int NOT NULL);
CREATE TABLE cards (id int PRIMARY KEY, account_id int NOT NULL REFERENCES accounts, pan text NOT NULL UNIQUE CHECK (pan ~ '^[0-9]{16}$'));
ALTER TABLE accounts ADD CONSTRAINT has_card FOREIGN KEY (primary_card) REFERENCES cards (id) DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE a (id int PRIMARY KEY, b_id int);
CREATE TABLE b (id int PRIMARY KEY, c_id int);
CREATE TABLE c (id int PRIMARY KEY, a_id int UNIQUE REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b;
ALTER TABLE b ADD FOREIGN KEY (c_id) REFERENCES c;
CREATE TABLE categories (id int PRIMARY KEY, parent_id int REFERENCES categories ON DELETE CASCADE, depth smallint NOT NULL CHECK (depth >= 0), name text NOT NULL, UNIQUE (parent_id, name),
    CHECK ((parent_id IS NULL) = (depth = 0)));
INSERT INTO departments SELECT i, 'Dept ' || i, NULL, CASE WHEN i > 1 THEN i / 2 END FROM generate_series(1, 40) i;
INSERT INTO employees SELECT i, 'Emp ' || i, 1 + i % 40, CASE WHEN i > 5 THEN i / 5 END, CASE WHEN i % 7 = 0 THEN i - 1 END, 1000 + i % 90 * 55.5, date '2010-01-01' + i, CASE WHEN i % 10 = 0 THEN date '2019-01-01' + i END
FROM generate_series(1, 1500) i;
UPDATE departments SET head_id = id + 40 WHERE id % 5 > 0;
BEGIN;
INSERT INTO accounts SELECT i, i * 2 FROM generate_series(1, 600) i;
INSERT INTO cards SELECT i, (i + 1) / 2, lpad((4000000000000000 + i)::text, 16, '0') FROM generate_series(1, 1200) i;
COMMIT;
INSERT INTO a SELECT i FROM generate_series(1, 300) i;
INSERT INTO b SELECT i FROM generate_series(1, 300) i;
INSERT INTO c SELECT i, i FROM generate_series(1, 300) i;
UPDATE a SET b_id = id WHERE id % 2 = 0;
UPDATE b SET c_id = id WHERE id % 3 = 0;
INSERT INTO categories SELECT i, CASE WHEN i > 10 THEN 1 + i % 10 END, CASE WHEN i > 10 THEN 1 ELSE 0 END, 'Cat ' || i FROM generate_series(1, 400) i;
ANALYZE;
