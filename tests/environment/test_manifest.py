"""The manifest on disk: what is written is read, and what must not stand in it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.environment.kinds import kind
from pytest_prodparity.environment.manifest import Limits, Manifest, Variable, dumped, load

FULL = Manifest(
    variables={
        "DATABASE_URL": Variable(kind="url", origin=("compose.yaml web",)),
        "LOG_LEVEL": Variable(required=False),
        "odd.name": Variable(kind="number", origin=("a \\ b",)),
    },
    complete=True,
    python="3.12.4",
    packages={"psycopg": "3.2.3", "zope.interface": "7.0"},
    timezone="Europe/Berlin",
    locale="de_DE.UTF-8",
    umask=0o27,
    uid=1000,
    gid=1000,
    read_only=("/", "/app"),
    hosts=("db:5432", "*.example.com"),
    limits=Limits(open_files=1024, memory=512 << 20),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "environment.toml"
    path.write_text(dumped(FULL), encoding="utf-8")
    assert load(path) == FULL
    assert dumped(load(path)) == dumped(FULL)
    path.write_text(dumped(Manifest()), encoding="utf-8")
    assert load(path) == Manifest()


WRONG = {
    "a text in place of a kind": (
        '[variables]\nAPI_KEY = "sk_live_9"',
        "variables.API_KEY: the manifest holds a value",
    ),
    "a value": (
        '[variables]\nA = { kind = "text", value = "sk_live_9" }',
        "variables.A.value: the manifest holds a value",
    ),
    "a default": ('[variables]\nA = { default = "sk_live_9" }', "variables.A.default: the manifest holds a value"),
    "a value as its origin": ('[variables]\nA = { from = ["A=sk_live_9"] }', "variables.A.from: it is not a list"),
    "a password in a host": ('hosts = ["postgres://u:sk_live_9@db"]', "hosts: it is not a list of such texts"),
    "a version that is none": ('[packages]\na = "sk_live_9 x"', "packages.a: what stands there is none (not shown"),
    "a kind that does not exist": ('[variables]\nA = { kind = "txt" }', "no such kind (did you mean 'text'?)"),
    "an unknown key": ("time_zone = 'UTC'", "the file: unknown key 'time_zone' (did you mean 'timezone'?)"),
    "an unknown key of a variable": ("[variables]\nA = { requires = true }", "'requires' (did you mean 'required'?)"),
    "no name": ("[variables]\n'A B' = { kind = 'text' }", "'A B' is not the name of a variable"),
    "no table": ("variables = 3", "variables: it is not a table"),
    "a umask that is none": ("umask = 'x22'", "umask: what stands there is none"),
    "a number that is none": ("uid = -3", "uid: it is not a whole number"),
    "a flag that is none": ("complete = 'yes'", "complete: it is neither true nor false"),
    "a newer format": ("format = 9", "format: 9 is not 1"),
    "no TOML": ("variables = [", "is not TOML"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_must_not_stand_in_it_is_refused_without_being_shown(name: str, tmp_path: Path) -> None:
    text, message = WRONG[name]
    path = tmp_path / "environment.toml"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load(path)
    assert message in str(refused.value)
    assert str(path) in str(refused.value)
    assert "To fix: " in str(refused.value)
    assert "sk_live_9" not in str(refused.value)


def test_two_sources_say_together_what_each_knows() -> None:
    one = Manifest(variables={"A": Variable(kind="text", required=False, origin=("x",))}, python="3.11", uid=0)
    two = Manifest(
        variables={"A": Variable(kind="secret", origin=("y",)), "B": Variable()}, python="3.12", complete=True
    )
    both = one.merged(two)
    assert both.variables["A"] == Variable(kind="secret", required=True, origin=("x", "y"))
    assert (list(both.variables), both.python, both.uid, both.complete) == (["A", "B"], "3.12", 0, True)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("STRIPE_API_KEY", None, "secret"), ("DB_PASSWORD", "x", "secret"), ("SECRET_KEY", "1234", "secret"),
        ("AWS_ACCESS_KEY_ID", None, "text"), ("TOKEN_TTL", "60", "number"), ("DATABASE_URL", None, "url"),
        ("BACKEND", "https://example.com", "url"), ("PORT", None, "number"), ("RATIO", "0.5", "number"),
        ("ENABLE_CACHE", None, "boolean"), ("FLAG", "Yes", "boolean"), ("MEDIA_ROOT", None, "path"),
        ("PLACE", "/srv", "path"), ("HOSTS", '["a"]', "json"), ("REGION", "eu-west-1", "text"),
    ],
)  # fmt: skip
def test_a_kind_is_told_by_name_and_shape(name: str, value: str | None, expected: str) -> None:
    assert kind(name, value) == expected
