-- ERP: documents with natural composite keys, lines that carry them, amounts that must add up.
CREATE TABLE companies (code char(4) PRIMARY KEY CHECK (code ~ '^[0-9]{4}$'), name varchar(60) NOT NULL, currency char(3) NOT NULL CHECK (currency IN ('EUR', 'USD', 'CHF')));
CREATE TABLE fiscal_years (company char(4) NOT NULL REFERENCES companies, year smallint NOT NULL CHECK (year >= 2000 AND year < 2100), closed boolean NOT NULL, PRIMARY KEY (company, year));
CREATE TABLE gl_accounts (company char(4) NOT NULL REFERENCES companies, account varchar(10) NOT NULL, description varchar(80) NOT NULL,
    kind "char" NOT NULL CHECK (kind IN ('A', 'L', 'R', 'E')), PRIMARY KEY (company, account));
CREATE TABLE documents (
    company char(4) NOT NULL, year smallint NOT NULL, doc_type char(2) NOT NULL CHECK (doc_type IN ('RE', 'KR', 'SA')), doc_no int NOT NULL CHECK (doc_no BETWEEN 1 AND 99999999),
    posted date NOT NULL, due date, reversed_type char(2), reversed_no int, header varchar(25),
    PRIMARY KEY (company, year, doc_type, doc_no), FOREIGN KEY (company, year) REFERENCES fiscal_years,
    FOREIGN KEY (company, year, reversed_type, reversed_no) REFERENCES documents (company, year, doc_type, doc_no),
    CHECK (due IS NULL OR due >= posted), CHECK ((reversed_type IS NULL) = (reversed_no IS NULL)),
    CONSTRAINT posted_in_year CHECK (EXTRACT(year FROM posted) = year)
);
CREATE TABLE document_lines (
    company char(4) NOT NULL, year smallint NOT NULL, doc_type char(2) NOT NULL, doc_no int NOT NULL, line_no smallint NOT NULL CHECK (line_no > 0),
    account varchar(10) NOT NULL, debit numeric(15, 2) NOT NULL DEFAULT 0 CHECK (debit >= 0), credit numeric(15, 2) NOT NULL DEFAULT 0 CHECK (credit >= 0),
    tax_rate numeric(4, 3) CHECK (tax_rate >= 0 AND tax_rate < 1), cost_center int,
    PRIMARY KEY (company, year, doc_type, doc_no, line_no),
    FOREIGN KEY (company, year, doc_type, doc_no) REFERENCES documents ON DELETE CASCADE, FOREIGN KEY (company, account) REFERENCES gl_accounts (company, account),
    CONSTRAINT one_side CHECK (debit = 0 OR credit = 0), CONSTRAINT some_amount CHECK (debit + credit > 0)
);
CREATE INDEX ON document_lines (company, account);
INSERT INTO companies VALUES ('0001', 'Holding', 'EUR'), ('1000', 'North', 'EUR'), ('2000', 'South', 'USD');
INSERT INTO fiscal_years SELECT code, y, y < 2024 FROM companies, generate_series(2020, 2024) y;
INSERT INTO gl_accounts SELECT code, lpad((1000 + i * 10)::text, 10, '0'), 'Account ' || i, (ARRAY['A', 'L', 'R', 'E'])[i % 4 + 1]::"char" FROM companies, generate_series(1, 50) i;
INSERT INTO documents SELECT company, year, (ARRAY['RE', 'KR', 'SA'])[i % 3 + 1], i, make_date(year, 1 + i % 12, 1 + i % 28), CASE WHEN i % 3 = 0 THEN make_date(year, 1 + i % 12, 1 + i % 28) + 30 END,
    NULL, NULL, CASE WHEN i % 2 = 0 THEN 'Inv ' || i END FROM fiscal_years, generate_series(1, 90) i;
UPDATE documents SET reversed_type = doc_type, reversed_no = doc_no - 3 WHERE doc_no % 30 = 4;
INSERT INTO document_lines SELECT company, year, doc_type, doc_no, n, lpad((1000 + (1 + (doc_no + n) % 50) * 10)::text, 10, '0'),
    CASE WHEN n % 2 = 1 THEN (doc_no * 37 % 1000) + 0.5 ELSE 0 END, CASE WHEN n % 2 = 0 THEN (doc_no * 37 % 1000) + 0.5 ELSE 0 END,
    (ARRAY[0.19, 0.07, NULL])[n % 3 + 1], CASE WHEN n % 3 = 0 THEN 100 + n END FROM documents, generate_series(1, 4) n;
ANALYZE;
