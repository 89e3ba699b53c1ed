"""Settings, roles and grants as the application's own sessions have them."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from tests.postgres.conftest import Production

Make = Callable[[Server, str], Production]


def name(url: str) -> str:
    return str(urlsplit(url).username)


def test_settings_are_those_of_the_application_s_role(either: Server, make_production: Make) -> None:
    production = make_production(either, "")
    database = f'"{production.name}"'
    app = production.role(
        "ALTER ROLE {} SET work_mem = 65536",
        f"ALTER ROLE {{}} IN DATABASE {database} SET statement_timeout = '5s'",
        "ALTER ROLE {} SET random_page_cost = 1.5",
        "ALTER ROLE {} SET app.secret = 'x'",
    )
    reader = production.role("ALTER ROLE {} SET work_mem = '1GB'", "ALTER ROLE {} SET statement_timeout = '1h'")
    production.execute(f"ALTER DATABASE {database} SET random_page_cost = 1.1")
    production.execute(f"ALTER DATABASE {database} SET jit = off")
    profile, _ = capture(reader, role=name(app))
    settings = profile.settings
    assert settings["work_mem"] == "64MB", "as SHOW prints it"
    assert settings["statement_timeout"] == "5s"
    assert settings["random_page_cost"] == "1.5", "the role's wins over the database's"
    assert settings["jit"] == "off"
    assert settings["enable_seqscan"] == "on", "not what capture sets for itself"
    assert settings["extra_float_digits"] == "1"
    assert settings["search_path"] == '"$user", public'
    assert "app.secret" not in settings
    role = next(role for role in profile.roles if role.name == name(app))
    assert role.login
    assert role.settings == {"work_mem": "65536", "statement_timeout": "5s", "random_page_cost": "1.5"}


def test_without_a_role_they_are_the_capturing_role_s(server: Server, make_production: Make) -> None:
    production = make_production(server, "")
    profile, _ = capture(production.role("ALTER ROLE {} SET work_mem = '1GB'"))
    assert profile.settings["work_mem"] == "1GB"
    assert profile.role == profile.roles[-1].name or profile.role in {role.name for role in profile.roles}


def test_what_only_the_capturing_session_has_is_not_production_s(
    server: Server, make_production: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = make_production(server, "")
    app = production.role()
    reader = production.role("ALTER ROLE {} SET statement_timeout = '1h'")
    monkeypatch.setenv("PGOPTIONS", "-c enable_hashjoin=off -c work_mem=1MB")
    profile, _ = capture(reader, role=name(app))
    assert profile.settings["enable_hashjoin"] == "on"
    assert profile.settings["work_mem"] == "4MB"
    assert profile.settings["statement_timeout"] == "0"
    assert any(note.startswith("statement_timeout: this session has 1h of its own") for note in profile.notes)


def test_the_connection_limit_is_the_lowest_that_holds(either: Server, make_production: Make) -> None:
    production = make_production(either, "")
    app = production.role(attributes="CONNECTION LIMIT 7")
    assert capture(production.url, role=name(app))[0].connection_limit == 7
    whole = capture(production.url)[0].connection_limit
    assert whole is not None
    assert 7 < whole < 1000
    production.execute(f'ALTER DATABASE "{production.name}" CONNECTION LIMIT 5')
    assert capture(production.url, role=name(app))[0].connection_limit == 5


def test_owners_grants_and_memberships_are_in_the_profile_and_not_in_the_schema(
    either: Server, make_production: Make
) -> None:
    production = make_production(either, "CREATE TABLE t (id int, secret text); CREATE SEQUENCE s;"
                                         "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")  # fmt: skip
    group = name(production.role(attributes="NOINHERIT"))
    app = name(production.role(f"GRANT {group} TO {{}}", "GRANT SELECT ON t TO {}", "GRANT UPDATE (secret) ON t TO {}"))
    production.execute(f"ALTER TABLE t OWNER TO {group}; REVOKE ALL ON FUNCTION f() FROM PUBLIC")
    profile, schema = capture(production.url)
    grants = {(grant.kind, grant.name): grant for grant in profile.grants}
    assert grants["table", "public.t"].owner == group
    assert any(entry.startswith(f"{app}=r/") for entry in grants["table", "public.t"].access)
    assert any(entry.startswith(f"{app}=w/") for entry in grants["column", "public.t.secret"].access)
    assert not any(entry.startswith("=X/") for entry in grants["function", "public.f()"].access)
    assert ("schema", "public") in grants
    roles = {role.name: role for role in profile.roles}
    assert roles[app].member_of == [group]
    assert not roles[group].inherits
    assert group not in schema
    assert "GRANT" not in schema


def test_the_identity_is_the_database_s_own(either: Server, make_production: Make) -> None:
    one, other = make_production(either, ""), make_production(either, "")
    identity = capture(one.url)[0].identity
    assert capture(one.role())[0].identity == identity
    assert capture(other.url)[0].identity != identity


def test_the_round_trip_is_measured(server: Server, make_production: Make) -> None:
    quantiles = capture(make_production(server, "").url)[0].round_trip_ms
    assert len(quantiles) == 4
    assert quantiles == sorted(quantiles)
    assert quantiles[0] > 0
