"""What the text of a statement says that it reads and writes; what cannot be told is said to be unknown."""

from __future__ import annotations

import pytest

from pytest_prodparity.races.tables import ADVISORY_LOCKS, SEQUENCES, read, read_body


@pytest.mark.parametrize(
    ("text", "reads", "writes"),
    [
        ("SELECT balance FROM account WHERE id = $1", "account", ""),
        ("SELECT * FROM a, b x, (SELECT * FROM c JOIN d USING (k)) y WHERE z IN (SELECT q FROM f)", "a b c d f", ""),
        ("SELECT * FROM (a JOIN b ON a.x = b.x) LEFT JOIN LATERAL (SELECT 1 FROM c) z ON true", "a b c", ""),
        ("SELECT extract(year FROM at), substring(s FROM 2 FOR 3) FROM a WHERE x IS DISTINCT FROM y", "a", ""),
        ("(SELECT 1 FROM q) UNION ALL TABLE r", "q r", ""),
        ("SELECT v.n FROM unnest($1) WITH ORDINALITY AS v(n, i), generate_series(1, 3) g(i), t", "t", ""),
        ("SELECT id, account AS b, from_where FROM a", "a", ""),
        ("SELECT account.id FROM bank.account AS account", "account", ""),
        ('SELECT 1 FROM "Order" o, "from"', "Order from", ""),
        ("SELECT 'FROM secret' FROM a -- , b", "a", ""),
        ("SELECT n FROM a ORDER BY n FOR NO KEY UPDATE OF a SKIP LOCKED", "a", "a"),
        ("SELECT n FROM a FOR SHARE", "a", "a"),
        ("UPDATE account SET n = n + 1 FROM rate WHERE rate.id = account.id RETURNING n", "rate", "account"),
        ("UPDATE account SET n = (SELECT max(n) FROM other)", "other", "account"),
        ("DELETE FROM ONLY t USING u, v WHERE t.id = u.id", "t u v", "t"),
        ("INSERT INTO t (a, b) SELECT x, y FROM (VALUES (1, 2)) v(x, y)", "", "t"),
        ("INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = excluded.a RETURNING id", "", "t"),
        ("INSERT INTO bank.t DEFAULT VALUES", "", "t"),
        ("INSERT INTO t SELECT * FROM s ON CONFLICT DO NOTHING", "s", "t"),
        (
            "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET x = 1 "
            "WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)",
            "s",
            "t",
        ),
        ("WITH gone AS (DELETE FROM q RETURNING id) INSERT INTO r SELECT id FROM gone", "gone q", "q r"),
        ("COPY t (a, b) FROM STDIN", "", "t"),
        ("COPY bank.t TO STDOUT", "t", ""),
        ("COPY (SELECT * FROM z) TO STDOUT", "z", ""),
        ("INSERT INTO t (id) VALUES (nextval('t_id_seq'))", "", f"t {SEQUENCES}"),
        ("SELECT 1", "", ""),
    ],
)
def test_tables_are_read_from_the_text(text: str, reads: str, writes: str) -> None:
    said = read(text)

    assert said.reads == set(reads.split())
    assert said.writes == (set(writes.split()) if SEQUENCES not in writes else {"t", SEQUENCES})
    assert not said.unknown
    assert not said.calls


@pytest.mark.parametrize(
    "text",
    [
        "LOCK TABLE account",
        "CREATE INDEX ON account (id)",
        "DO $$ BEGIN END $$",
        "CALL pay(1)",
        "NOTIFY paid",
        "FETCH 10 FROM c",
        "SELECT * INTO copy FROM account",
        "SET CONSTRAINTS ALL DEFERRED",
        "COMMIT AND CHAIN",
        "COMMIT PREPARED 'x'",
        "SELECT '" + "x" * 300_000 + "'",
    ],
)
def test_what_has_no_grammar_here_is_unknown(text: str) -> None:
    assert read(text).unknown


def test_functions_that_are_not_known_are_named() -> None:
    assert read("SELECT shop.pay(id), lower(name), count(*) FROM account").calls == {"pay"}
    assert read("SELECT * FROM due_today() d JOIN account USING (id)").calls == {"due_today"}


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "begin"),
        ("START TRANSACTION", "begin"),
        ("END", "commit"),
        ("ABORT", "rollback"),
        ("ROLLBACK TO SAVEPOINT a", "rollback to"),
        ("SAVEPOINT a", "savepoint"),
        ("SET LOCAL lock_timeout = '1s'", "nothing"),
        ("", "nothing"),
        ("-- nothing", "nothing"),
    ],
)
def test_what_only_controls_is_told_apart(text: str, control: str) -> None:
    assert read(text).control == control


def test_advisory_locks_touch_no_table() -> None:
    in_transaction = read("SELECT pg_advisory_xact_lock(hashtext($1))")
    of_session = read("SELECT pg_advisory_lock($1)")

    assert (in_transaction.writes, in_transaction.keeps) == (frozenset({ADVISORY_LOCKS}), False)
    assert (of_session.writes, of_session.keeps) == (frozenset({ADVISORY_LOCKS}), True)


def test_the_body_of_a_function_is_read_and_what_is_made_at_run_time_is_unknown() -> None:
    body = read_body("BEGIN IF n > 0 THEN UPDATE a SET n = 1; END IF; SELECT x INTO y FROM b; RETURN NEW; END")

    assert (body.reads, body.writes, body.unknown) == (frozenset("b"), frozenset("a"), False)
    assert read_body("BEGIN EXECUTE 'DELETE FROM a'; END").unknown
