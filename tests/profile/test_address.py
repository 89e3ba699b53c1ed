"""Every spelling of a URL, and no password in what is shown."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.profile.address import parse


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:p%40ss@db:5433/shop",
        "postgres://reader:p%40ss@db:5433/shop",
        "postgresql+psycopg://reader:p%40ss@db:5433/shop",
        "postgresql+asyncpg://reader:p%40ss@db:5433/shop",
        "  postgresql+psycopg2://reader:p%40ss@db:5433/shop\n",
        "host=db port=5433 user=reader password=p@ss dbname=shop",
        "host=db port=5433 user=reader password='p@ss' dbname=shop",
    ],
)
def test_every_spelling_names_the_same_database(url: str) -> None:
    found = parse(url)
    assert found.parameters == {"host": "db", "port": "5433", "user": "reader", "password": "p@ss", "dbname": "shop"}
    assert str(found) == "shop at db:5433"
    assert "p@ss" not in repr(found)
    assert "ss@" not in repr(found)


def test_asyncpg_s_ssl_is_libpq_s_sslmode() -> None:
    assert parse("postgresql+asyncpg://u@h/d?ssl=require").parameters["sslmode"] == "require"


def test_a_service_and_the_environment_name_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(parse("service=production")) == "service production"
    monkeypatch.setenv("PGHOST", "db")
    monkeypatch.setenv("PGDATABASE", "shop")
    monkeypatch.setenv("PGPASSWORD", "geheim")
    found = parse(None)
    assert str(found) == "shop at db:5432"
    assert found.scrub("wrong geheim") == "wrong ***"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:geheim@h/d", "mysql:// is not PostgreSQL; capture reads PostgreSQL only."),
        ("sqlite:///x.db", "sqlite:// is not PostgreSQL"),
        ("shop", "'shop' is not a database URL."),
        ("postgresql://u:gehe%im@h/d", "The database URL is not understood: invalid percent-encoded token: "),
        ("postgresql://u:geheim@h/d?schema=public", 'invalid URI query parameter: "schema"'),
        ("host=h password='geheim", "The database URL is not understood: "),
    ],
)
def test_a_wrong_url_is_refused_without_its_password(url: str, said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        parse(url)
    assert said in str(wrong.value)
    assert "To fix: " in str(wrong.value)
    assert "geheim" not in str(wrong.value)
    assert "gehe%im" not in str(wrong.value)
    assert wrong.value.__cause__ is None
