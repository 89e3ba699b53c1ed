-- Names that nobody would choose today: spaces, quotes, capitals, per cent signs, reserved words; one name in two schemas.
CREATE SCHEMA "Sales Dept";
CREATE SCHEMA "select";
CREATE TYPE "Order State" AS ENUM ('New', 'In Progress', 'it''s "done"', '100%');
CREATE TABLE "Customer Master" ("Customer No." int PRIMARY KEY, "Name ""Full""" varchar(50) NOT NULL, "user" text, "50%" numeric(5, 2) CHECK ("50%" >= 0 AND "50%" <= 100), "group" int, "Größe" text, "a;b--" int);
CREATE TABLE "Sales Dept".orders ("Id" serial PRIMARY KEY, "Customer No." int NOT NULL REFERENCES "Customer Master", "State" "Order State" NOT NULL, "from" date NOT NULL, "to" date,
    CHECK ("to" IS NULL OR "to" >= "from"));
CREATE TABLE "select".orders ("order" int, "table" int, "where" text NOT NULL DEFAULT '?', PRIMARY KEY ("order", "table"));
CREATE TABLE "select"."from" ("order" int NOT NULL, "table" int NOT NULL, "limit" int CHECK ("limit" > 0), UNIQUE ("order", "table"), FOREIGN KEY ("order", "table") REFERENCES "select".orders);
CREATE TABLE orders (id int PRIMARY KEY, "Sales Order" int UNIQUE REFERENCES "Sales Dept".orders, "%s" text, "{}" text, "E'\n" text);
CREATE TABLE " leading and trailing " (" " "Order State", "a.b" int, "A" int, a int);
CREATE UNIQUE INDEX "My ""Index""" ON "Customer Master" (lower("Name ""Full"""), "Customer No.");
INSERT INTO "Customer Master" SELECT i, 'O''Brien "' || i || '" \', 'u' || i % 10, i % 101, i % 3, 'ß' || i % 5, i FROM generate_series(1000, 1800) i;
INSERT INTO "Sales Dept".orders ("Customer No.", "State", "from", "to") SELECT 1000 + i * 7 % 800, (ARRAY['New', 'In Progress', 'it''s "done"', '100%'])[i % 4 + 1]::"Order State",
    date '2020-01-01' + i % 900, CASE WHEN i % 3 = 0 THEN date '2020-01-01' + i % 900 + i % 20 END FROM generate_series(1, 2500) i;
INSERT INTO "select".orders SELECT i, n, 'w' || i % 3 FROM generate_series(1, 300) i, generate_series(1, 3) n;
INSERT INTO "select"."from" SELECT "order", "table", 1 + "order" % 5 FROM "select".orders WHERE "order" % 2 = 0;
INSERT INTO orders SELECT i, i, '%s', '{}', E'\n' FROM generate_series(1, 900) i;
INSERT INTO " leading and trailing " SELECT 'New', i, i, i FROM generate_series(1, 100) i;
ANALYZE;
