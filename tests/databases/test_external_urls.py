from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.databases.external import External, parse


def refusal(url: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        External(url, allowed=True).start()
    assert "hush" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("postgresql://u:hush@prod-db.example.com/shop", "its host is called 'prod-db.example.com'"),
        ("postgresql://u:hush@db.production.example.com/shop", "its host"),
        ("postgresql://u:hush@10.0.0.7/shop_prod", "its database is called 'shop_prod'"),
        ("postgresql://prd:hush@10.0.0.7/shop", "its user is called 'prd'"),
        ("postgresql://u:hush@shop.abc.eu-west-1.rds.amazonaws.com/shop", "is a hosted server"),
        ("postgresql+psycopg://u:hush@ep-blue.eu-central-1.aws.neon.tech/shop", "is a hosted server"),
    ],
)
def test_a_server_that_looks_like_production_is_refused(url: str, because: str) -> None:
    refused = refusal(url)
    assert "looks like production" in refused.happened
    assert because in refused.happened
    assert refused.fix is not None
    assert "name a server for tests" in refused.fix


def test_words_that_only_contain_prod_are_no_reason() -> None:
    from pytest_prodparity.databases.external import _check_name

    _check_name(parse("postgresql://u@products.example.com/reproduction"))
    _check_name(parse("postgresql://u@shop.abc.eu-west-1.rds.amazonaws.com/shop_test"))


@pytest.mark.parametrize("host", ["10.0.0.9", "tests.example.com", "localhost.example.com"])
def test_without_leave_no_other_machine_is_used(host: str) -> None:
    with pytest.raises(UsageError, match="allow_external is not set") as caught:
        External(f"postgresql://someone:hush@{host}:1/db", allowed=False)
    assert "allow_external = true" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "happened"),
    [
        ("mysql://u:hush@127.0.0.1/db", "mysql:// is not PostgreSQL"),
        ("postgresql://u:hush@127.0.0.1:port/db", "not well-formed"),
        ("postgresql://127.0.0.1/db", "names no user"),
    ],
)
def test_a_wrong_url_is_one_message_without_its_password(url: str, happened: str) -> None:
    refused = refusal(url)
    assert happened in refused.happened
    assert "postgresql://user:password@127.0.0.1:5432/postgres" in str(refused)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "%2Fvar%2Frun"])
def test_this_machine_needs_no_leave(host: str) -> None:
    with pytest.raises(ProdparityError, match="Could not connect") as caught:
        External(f"postgresql://someone:hush@{host}:1/db", allowed=False).start()
    assert "hush" not in str(caught.value)


def test_an_address_never_shows_its_password() -> None:
    address = parse("postgresql://u:hush@127.0.0.1:5433/db?sslmode=require")
    assert repr(address) == "u@127.0.0.1:5433/db"
    assert (address.port, address.password, address.sslmode) == (5433, "hush", "require")
