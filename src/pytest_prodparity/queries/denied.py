"""What production's role is refused: SQLSTATE 42501, and the right that is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from psycopg import sql

from ..core.findings import Finding, Remedy
from ..profile.model import Profile
from ..wire.trip import Statement, Trip

RULE = "permission-denied"
REFUSED = "42501"
_OBJECT = re.compile(
    r"permission denied for (?:foreign )?(?P<kind>table|view|sequence|schema|function|procedure|relation|column|materialized view) \"?(?P<name>[^\"]+?)\"?$"
)
_POLICY = re.compile(
    r"new row violates row-level security policy(?: \"(?P<policy>[^\"]+)\")?.* for table \"(?P<name>[^\"]+)\""
)
_OWNER = re.compile(r"must be owner of (?P<kind>\w+) \"?(?P<name>[^\"]+?)\"?$")
_COMMENT = re.compile(r"^(\s|--[^\n]*\n|/\*.*?\*/)+", re.DOTALL)
_RIGHTS = {"SELECT": "SELECT", "INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE", "TRUNCATE": "TRUNCATE",
           "COPY": "INSERT", "WITH": "SELECT", "MERGE": "INSERT, UPDATE", "LOCK": "UPDATE"}  # fmt: skip


def denied(trips: Sequence[Trip], *, profile: Profile, role: str, test: str, excuse: bool = False) -> list[Finding]:
    """A finding for each line that was refused something. `excuse`: the test expects to be refused, and passed."""
    findings: dict[tuple[object, ...], Finding] = {}
    for trip, statement in _refused(trips):
        finding = None if excuse else _finding(trip, statement, profile, role, test)
        if finding is not None:
            findings.setdefault((finding.subject, finding.title, finding.source), finding)
    return list(findings.values())


def _refused(trips: Sequence[Trip]) -> Iterator[tuple[Trip, Statement]]:
    for trip in trips:
        yield from ((trip, one) for one in trip.statements if one.sqlstate == REFUSED)


def _finding(trip: Trip, statement: Statement, profile: Profile, role: str, test: str) -> Finding:
    error = statement.error or "permission denied"
    word = (_COMMENT.sub("", statement.sql) or " ").split()[0].upper().rstrip("(;") if statement.sql.strip() else ""
    subject, title, remedy = _told(error, word, profile, role)
    return Finding(
        rule=RULE,
        title=title,
        subject=subject,
        test=test,
        source=trip.source,
        statement=statement.sql,
        production=f"{error}; {_may(profile, role, subject)}",
        details={"role": role, "sqlstate": REFUSED},
        remedy=remedy,
    )


def _told(error: str, word: str, profile: Profile, role: str) -> tuple[str, str, Remedy]:
    if found := _POLICY.search(error):
        policy = f" ({found['policy']})" if found["policy"] else ""
        return (
            found["name"],
            f"row-level security refuses what {role} writes into {found['name']}",
            Remedy(
                text=f"set what the policy{policy} asks for, such as the tenant, before the statement, or write rows that it "
                "admits; production's policies are in schema.sql"
            ),
        )
    if found := _OWNER.search(error):
        return (
            found["name"],
            f"only the owner of {found['kind']} {found['name']} may do this, and production's {role} is not",
            Remedy(text="leave it to migrations, which run as the owner"),
        )
    if found := _OBJECT.search(error):
        kind, name = found["kind"], found["name"]
        right = _right(kind, word)
        full = _full(profile, kind, name)
        return (
            name,
            f"{role} has no {right} on {kind} {name}",
            Remedy(
                text="production lacks the right too: grant it there, or do without it",
                sql=_grant(right, kind, full, role),
            ),
        )
    return (
        role,
        f"production's {role} is refused: {error}",
        Remedy(text="leave it to a role that may, or do without it"),
    )


def _right(kind: str, word: str) -> str:
    if kind in ("function", "procedure"):
        return "EXECUTE"
    if kind == "schema":
        return "CREATE" if word in ("CREATE", "ALTER") else "USAGE"
    if kind == "sequence":
        return "USAGE"
    return _RIGHTS.get(word, "SELECT")


def _full(profile: Profile, kind: str, name: str) -> list[str] | None:
    """Schema and name; None where several objects have that name."""
    if kind == "schema":
        return [name]
    known = {table.full_name for table in profile.tables} | set(profile.views)
    known |= {f"{one.schema}.{one.name}" for one in profile.sequences}
    found = [one for one in known if one.partition(".")[2] == name]
    return found[0].split(".", 1) if len(found) == 1 else None


def _grant(right: str, kind: str, full: list[str] | None, role: str) -> str | None:
    if full is None:
        return None
    word = {"sequence": "SEQUENCE ", "schema": "SCHEMA "}.get(kind, "")
    if kind in ("function", "procedure"):
        return None
    statement = sql.SQL("GRANT {} ON {}{} TO {};").format(
        sql.SQL(right), sql.SQL(word), sql.Identifier(*full), sql.Identifier(role)
    )
    return statement.as_string().replace('"', "") if _plain(*full, role) else statement.as_string()


def _plain(*names: str) -> bool:
    return all(re.fullmatch(r"[a-z_][a-z0-9_]*", name) for name in names)


def _may(profile: Profile, role: str, name: str) -> str:
    """What the profile says that the role may do with it."""
    from ..databases.acl import parsed
    from ..databases.rights import closure

    ours = {one.name for one in closure(profile, role)}
    rights: list[str] = []
    for grant in profile.grants:
        if grant.kind != "column" and grant.name.partition("(")[0].rpartition(".")[2] == name:
            rights += [
                right for one in parsed(grant.access) if one.role in ours or not one.role for right in one.rights
            ]
    return f"in production {role} has {', '.join(dict.fromkeys(rights)) or 'no right'} on it"
