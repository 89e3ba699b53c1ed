"""What changed in production since the capture."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from pytest_prodparity.cli.drift import command
from pytest_prodparity.cli.drift_database import again
from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.environment.drift import compare
from pytest_prodparity.environment.manifest import Limits, Manifest, Variable
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import save

SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, total int);
CREATE INDEX orders_total ON orders (total);
INSERT INTO orders SELECT n, n FROM generate_series(1, 2000) n;
"""

LATER = """
DROP INDEX orders_total;
CREATE TABLE refunds (id int PRIMARY KEY);
INSERT INTO orders SELECT n, n FROM generate_series(2001, 9000) n;
ALTER DATABASE drift_shop SET statement_timeout = '5s';
"""


def test_a_live_database_is_compared_as_text_and_json_and_by_the_status(server: Server, tmp_path: Path) -> None:
    name = sql.Identifier("drift_shop")
    url = server.dsn("drift_shop")
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(SHOP.encode())
                connection.execute("VACUUM ANALYZE")
            save(tmp_path / "parity", *capture(url))
            asked = [url, "--profile", str(tmp_path / "parity")]
            same = CliRunner().invoke(command, asked, standalone_mode=False)
            assert (same.return_value, same.output.startswith("No drift since the capture")) == (0, True), same.output
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(LATER.encode())
                connection.execute("VACUUM ANALYZE")
            found = CliRunner().invoke(command, [*asked, "--format=json"], standalone_mode=False)
            shown = CliRunner().invoke(command, [*asked, "--factor", "10"], standalone_mode=False)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    assert found.return_value == 1
    drift = {(one["kind"], one["what"], one["name"]): one["text"] for one in json.loads(found.output)["drift"]}
    assert drift == {
        ("new", "table", "public.refunds"): "0 rows",
        ("gone", "index", "orders_total on public.orders"): "",
        ("changed", "rows", "public.orders"): "2,000 -> 9,000 (4.5x)",
        ("changed", "setting", "statement_timeout"): "0 -> 5s",
    }
    assert "gone index orders_total on public.orders" in shown.output
    assert "2,000 -> 9,000" not in shown.output


def test_what_is_unreachable_is_tried_again_with_pauses_that_double() -> None:
    pauses: list[float] = []
    tries: list[int] = []

    def attempt() -> str:
        tries.append(1)
        if len(tries) < 4:
            raise ProdparityError("No server answers.")
        return "there"

    assert again(attempt, retries=3, pause=pauses.append) == "there"
    assert pauses == [1.0, 2.0, 4.0]
    tries.clear()
    with pytest.raises(ProdparityError, match=r"No server answers\.\nTried 2 times"):
        again(attempt, retries=1, pause=pauses.append)

    def wrong() -> str:
        tries.append(1)
        raise UsageError("The password was wrong.")

    tries.clear()
    with pytest.raises(UsageError):
        again(wrong, retries=3, pause=pauses.append)
    assert len(tries) == 1


def test_an_environment_is_compared() -> None:
    known = Manifest(
        variables={"A": Variable(), "MAYBE": Variable(required=False), "B": Variable()},
        python="3.12", packages={"psycopg": "3.2"}, timezone="UTC", umask=0o22, limits=Limits(memory=1000),
    )  # fmt: skip
    live = Manifest(
        variables={"B": Variable(), "NEW_KEY": Variable(kind="secret"), "USER": Variable()},
        python="3.12.4", packages={"psycopg": "3.3"}, timezone="Asia/Tokyo", umask=0o77, limits=Limits(), complete=True,
    )  # fmt: skip
    assert [str(one) for one in compare(known, live)] == [
        "gone variable A",
        "new variable NEW_KEY: secret",
        "changed environment timezone: UTC -> Asia/Tokyo",
        "changed environment umask: 0022 -> 0077",
        "changed limit memory: 1,000 -> no limit",
        "changed package psycopg: 3.2 -> 3.3",
    ]
    assert compare(known, known) == []


def test_drift_asks_where_production_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRODPARITY_PRODUCTION_URL", raising=False)
    found = CliRunner().invoke(command, [], standalone_mode=False)
    assert isinstance(found.exception, UsageError)
    assert "drift needs to know what to compare." in str(found.exception)
