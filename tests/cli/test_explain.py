"""`prodparity explain`, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_prodparity.profile.model import Column, ColumnStatistics, Index, Profile, Table
from pytest_prodparity.profile.store import digest, save

ROWS, PAGES = 48_000_000, 600_000
SCHEMA = """CREATE TABLE public.orders (id bigint PRIMARY KEY, customer_id integer NOT NULL, status text NOT NULL);
CREATE TABLE public."Order Lines" (id bigint);
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with the profile of a large production in parity/."""
    spread = [str(number * ROWS // 100) for number in range(101)]
    columns = [
        Column(name="id", type="bigint", statistics=ColumnStatistics(null_frac=0, avg_width=8, n_distinct=-1, histogram_bounds=spread, correlation=1)),
        Column(name="customer_id", type="integer", statistics=ColumnStatistics(null_frac=0, avg_width=4, n_distinct=4_000_000, correlation=0)),
        Column(name="status", type="text", statistics=ColumnStatistics(
            null_frac=0, avg_width=5, n_distinct=3, most_common_vals=["sent", "paid", "open"], most_common_freqs=[0.7, 0.2999, 0.0001])),
    ]  # fmt: skip
    key = Index(name="orders_pkey", method="btree", definition="", columns=["id"], unique=True, primary=True,
                pages=131_500, tuples=ROWS, size=131_500 * 8192)  # fmt: skip
    orders = Table(schema="public", name="orders", kind="table", columns=columns, indexes=[key], pages=PAGES, tuples=ROWS,
                   all_visible=PAGES, size=PAGES * 8192)  # fmt: skip
    lines = Table(schema="public", name="Order Lines", kind="table", columns=[Column(name="id", type="bigint")])
    profile = Profile(
        captured_at="2026-11-20T10:00:00Z", server_version=180001, database="shop", identity="explained",
        tables=[lines, orders], schema_sha256=digest(SCHEMA), settings={"max_parallel_workers_per_gather": "0"},
    )  # fmt: skip
    save(tmp_path / "parity", profile, SCHEMA)
    return tmp_path


def explain(here: Path, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "explain", *arguments],
        cwd=here, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_it_prints_productions_plan_with_productions_rows(here: Path) -> None:
    lines = explain(here, "SELECT * FROM orders WHERE customer_id = 5 AND status = 'open'").splitlines()
    assert lines[0] == "Production: shop, PostgreSQL 18, captured 2026-11-20"
    assert lines[2].startswith("Seq Scan on public.orders  (cost=1,3")
    assert lines[2].endswith(" rows=1 of 48,000,000)")
    assert lines[3] == "  Filter: ((orders.customer_id = 5) AND (orders.status = 'open'::text))"
    assert lines[5].startswith("about ")
    assert lines[5].endswith("; estimated from the cost)")


def test_it_shows_what_an_index_would_change(here: Path) -> None:
    text = explain(
        here, "SELECT * FROM orders WHERE customer_id = $1 AND status = $2", "--param", "5", "--param", "open",
        "--with", "CREATE INDEX ON orders (customer_id, status);",
    )  # fmt: skip
    assert "With\n  CREATE INDEX ON orders (customer_id, status);\n" in text
    assert "Index Scan using orders_customer_id_status_idx on public.orders" in text
    assert " times lower" in text


def test_a_placeholder_without_a_value_stands_for_any(here: Path) -> None:
    assert "Index Cond: (orders.id = $1)" in explain(here, "SELECT * FROM orders WHERE id = $1")


def test_null_is_a_null(here: Path) -> None:
    assert "One-Time Filter: false" in explain(here, "SELECT * FROM orders WHERE id = $1", "--param", "NULL")


def test_json_for_tools(here: Path) -> None:
    found = json.loads(
        explain(here, "SELECT * FROM orders WHERE id = 7", "--json", "--with", "CREATE INDEX ON orders (status)")
    )
    assert found["plan"]["Node Type"] == "Index Scan"
    assert found["with"]["cost"] == found["cost"]
    assert found["exact"] is True
    assert 0 < found["seconds"]["low"] < found["seconds"]["middle"] < found["seconds"]["high"]


def test_a_mistake_is_pointed_at(here: Path) -> None:
    assert explain(here, "SELECT * FROM orders WHER id = 7", status=2).splitlines() == [
        'prodparity: No plan: syntax error at or near "id".',
        "  SELECT * FROM orders WHER id = 7",
        "                            ^",
    ]


def test_an_unknown_column_has_postgresqls_hint(here: Path) -> None:
    lines = explain(here, "SELECT *\nFROM orders\nWHERE costumer_id = 7", status=2).splitlines()
    assert lines[0] == 'prodparity: No plan: column "costumer_id" does not exist.'
    assert lines[1:3] == ["  WHERE costumer_id = 7", "        ^"]
    assert lines[3] == 'To fix: Perhaps you meant to reference the column "orders.customer_id".'


def test_an_unknown_table_has_a_suggestion(here: Path) -> None:
    lines = explain(here, "SELECT * FROM oders", status=2).splitlines()
    assert lines[0] == "prodparity: No plan: \"oders\" is not in production's schema (did you mean 'orders'?)."
    assert lines[-1] == "To fix: prodparity show lists production's tables"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE orders", "No plan: DROP has no plan."),
        ("SELECT 1; DROP TABLE orders", "No plan: it is more than one statement."),
        ("CALL cleanup()", "No plan: the body of CALL is not visible."),
    ],
)
def test_what_has_no_plan_says_so(here: Path, statement: str, said: str) -> None:
    assert explain(here, statement, status=2).splitlines()[0] == f"prodparity: {said}"


def test_a_parameter_too_few(here: Path) -> None:
    text = explain(here, "SELECT * FROM orders WHERE id = $1 AND status = $2", "--param", "1", status=2)
    assert text.splitlines()[-1] == "To fix: give one --param for each placeholder, or none at all"


def test_a_change_that_does_not_work_says_why(here: Path) -> None:
    text = explain(here, "SELECT * FROM orders", "--with", "CREATE INDEX ON orders (nope)", status=2)
    assert text.startswith(
        'prodparity: No plan: a schema change before it could not be replayed: column "nope" does not exist.'
    )


def test_without_a_profile_it_says_what_to_type(tmp_path: Path) -> None:
    text = explain(tmp_path, "SELECT 1", status=2)
    assert text.startswith("prodparity: No profile: ")
    assert "To fix: prodparity capture URL" in text


def test_another_folder(here: Path) -> None:
    (here / "parity").rename(here / "elsewhere")
    assert "Result" in explain(here, "SELECT 1", "--profile", "elsewhere")
