"""What `parity_proxy(url)` leads to, and what it says of what it cannot."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.relay.address import parse


@pytest.mark.parametrize(
    ("url", "where", "through"),
    [
        ("http://127.0.0.1:8000/base?a=1#b", "127.0.0.1:8000", "http://127.0.0.1:7/base?a=1#b"),
        ("http://localhost", "localhost:80", "http://127.0.0.1:7"),
        ("https://u:p%40@localhost/x", "localhost:443", "https://u:p%40@127.0.0.1:7/x"),
        ("redis://:secret@127.0.0.1/0", "127.0.0.1:6379", "redis://:secret@127.0.0.1:7/0"),
        ("http://[::1]:8000/", "[::1]:8000", "http://127.0.0.1:7/"),
        ("mysql+pymysql://me@127.0.0.1/shop?charset=utf8", "127.0.0.1:3306", "mysql+pymysql://me@127.0.0.1:7/shop?charset=utf8"),
        ("tcp://127.0.0.1:9", "127.0.0.1:9", "tcp://127.0.0.1:7"),
        ("unix:///run/redis.sock", "/run/redis.sock", "tcp://127.0.0.1:7"),
        ("redis+socket:///run/redis.sock?virtual_host=1", "/run/redis.sock", "redis://127.0.0.1:7?virtual_host=1"),
        ("http+unix://%2Frun%2Fdocker.sock/v1/info", "/run/docker.sock", "http://127.0.0.1:7/v1/info"),
    ],
)  # fmt: skip
def test_a_url_keeps_all_but_its_place(url: str, where: str, through: str) -> None:
    address = parse(url)
    assert (address.where, address.through(7)) == (where, through)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("htpp://127.0.0.1:8000", "unknown scheme 'htpp' in 'htpp://127.0.0.1:8000' (did you mean 'http'?)"),
        ("127.0.0.1:8000", "'127.0.0.1:8000' has no scheme"),
        ("tcp://127.0.0.1", "names no port.\nTo fix: tcp://127.0.0.1:PORT"),
        ("http://127.0.0.1:http", "is not a URL"),
        ("http://me:secret/word@127.0.0.1/", "'http://me:***@127.0.0.1/' is not a URL"),
        ("http:///path", "names no host"),
        ("mongodb://127.0.0.1:1,127.0.0.1:2/x", "names several hosts"),
        ("unix://relative.sock", "does not name a socket by its whole path"),
        (
            "https://me:secret@192.0.2.7/v1?token=secret",
            "'https://me:***@192.0.2.7/v1' leads to '192.0.2.7', which is not on this machine.\n"
            "To fix: if the test may really send there, name the host: parity_proxy(…, remote='192.0.2.7')",
        ),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_secrets(url: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_host_elsewhere_has_to_be_named() -> None:
    address = parse("http://192.0.2.7/", remote="192.0.2.7")
    assert (address.where, address.elsewhere) == ("192.0.2.7:80", True)
    assert not parse("http://127.0.0.1/", remote="127.0.0.1").elsewhere
    with pytest.raises(UsageError, match=r"remote='192\.0\.2\.8' names another host"):
        parse("http://192.0.2.7/", remote="192.0.2.8")
