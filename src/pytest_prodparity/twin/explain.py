"""One connection that only ever sends EXPLAIN.

The protection, from the outside in: the role owns nothing and is no superuser; its transactions are read only; the
extended protocol takes one statement only; the statement stands behind `EXPLAIN (…)`, which executes nothing; functions that
the planner evaluates have a statement timeout.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import pq

from ..wire.trip import Parameter
from .plan import CannotTell, Node, Plan

_FIRST_USER_OID = 16384
"""Types below it have the same number in every database; a schema's own types do not."""

_VALUES = b"EXPLAIN (FORMAT JSON, VERBOSE) "
_GENERIC = b"EXPLAIN (FORMAT JSON, VERBOSE, GENERIC_PLAN) "

OPTIONS = (
    "-c default_transaction_read_only=on -c client_min_messages=error -c client_encoding=UTF8"
    " -c idle_in_transaction_session_timeout=0 -c statement_timeout={timeout}"
)


class Tampered(Exception):  # never leaves the room
    """A function that ran while planning changed the session, which must not be used again."""


def ask(
    connection: pq.abc.PGconn, statement: str, parameters: Sequence[Parameter] | None, *, guarded: bool = True
) -> Plan | CannotTell:
    """Production's plan of one statement that `guard.plannable` let through; None asks for the generic plan.

    Raises psycopg.OperationalError where the connection is lost, and, while `guarded`, Tampered.
    """
    if "\0" in statement:
        return CannotTell("the statement contains a zero byte")
    answer = _ask(connection, statement, parameters)
    if guarded and connection.parameter_status(b"default_transaction_read_only") != b"on":
        raise Tampered
    if isinstance(answer, Plan):
        return answer
    state = answer.sqlstate
    if state == "08P01" and not parameters:
        answer = _ask(connection, statement, None)
    elif state in ("42804", "22P03", "22021") and parameters and any(given.binary for given in parameters):
        answer = _ask(connection, statement, _translated(connection, statement, parameters))
    return answer


def _ask(connection: pq.abc.PGconn, statement: str, parameters: Sequence[Parameter] | None) -> Plan | CannotTell:
    text = statement.encode("utf-8", "surrogateescape")
    if parameters is None:
        # GENERIC_PLAN does not go with the extended protocol's own parameters. What parses there is one statement, and
        # may then be sent as a simple query.
        result = connection.prepare(b"", _GENERIC + text)
        if result.status == pq.ExecStatus.COMMAND_OK:
            result = connection.exec_(_GENERIC + text)
    else:
        result = connection.exec_params(
            _VALUES + text,
            [given.value for given in parameters],
            [given.oid if given.oid < _FIRST_USER_OID else 0 for given in parameters],
            [int(given.binary) for given in parameters],
        )
    if result.status == pq.ExecStatus.TUPLES_OK and result.ntuples == 1:
        value = result.get_value(0, 0)
        assert value is not None
        root = json.loads(value)[0]
        if isinstance(root, Mapping) and "Plan" in root:
            return Plan(Node(root["Plan"]))
        return CannotTell("the statement has no plan of its own", utility=True)
    if connection.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError(connection.get_error_message())
    return _refusal(result, len(_GENERIC if parameters is None else _VALUES))


def _refusal(result: pq.abc.PGresult, shift: int) -> CannotTell:
    """The server's error as a short plain reason."""
    field = pq.DiagnosticField

    def said(part: pq.DiagnosticField) -> str:
        return (result.error_field(part) or b"").decode("utf-8", "replace")

    state, text = said(field.SQLSTATE), said(field.MESSAGE_PRIMARY)
    position = said(field.STATEMENT_POSITION)
    at = int(position) - shift if position else None
    if text == "cannot insert multiple commands into a prepared statement":
        text = "it is more than one statement"
    elif state == "57014":
        text = "planning took too long: a function that the planner evaluates does not end"
    elif state == "42P01":
        text = re.sub(r"^relation (.+) does not exist$", r"\1 is not in production's schema", text)
    elif state == "42704" and "configuration parameter" in text:
        text = f"a row-level security policy or function needs a setting: {text}"
    return CannotTell(
        text or "the server gave no reason",
        sqlstate=state,
        position=at if at is None or at > 0 else None,
        hint=said(field.MESSAGE_HINT),
    )


def _translated(connection: pq.abc.PGconn, statement: str, parameters: Sequence[Parameter]) -> Sequence[Parameter]:
    """Binary arrays carry their element type's number, which for a schema's own types differs from database to database."""
    prepared = connection.prepare(b"", _VALUES + statement.encode("utf-8", "surrogateescape"))
    if prepared.status != pq.ExecStatus.COMMAND_OK:
        return parameters
    described = connection.describe_prepared(b"")
    types = [described.param_type(at) for at in range(described.nparams)]
    found = connection.exec_params(
        b"SELECT oid, typelem FROM pg_catalog.pg_type WHERE oid = ANY ($1::oid[]) AND typelem <> 0",
        [("{" + ",".join(map(str, types)) + "}").encode()],
    )
    elements = {int(_get(found, row, 0)): int(_get(found, row, 1)) for row in range(found.ntuples)}
    changed = []
    for given, oid in zip(parameters, types, strict=False):
        value = given.value
        if given.binary and value is not None and len(value) >= 12 and elements.get(oid, 0) >= _FIRST_USER_OID:
            value = value[:8] + struct.pack(">I", elements[oid]) + value[12:]
        changed.append(Parameter(value=value, binary=given.binary, oid=given.oid))
    return changed


def _get(result: pq.abc.PGresult, row: int, column: int) -> bytes:
    value = result.get_value(row, column)
    assert value is not None
    return value


def connect(dsn: str, *, timeout_ms: int) -> psycopg.Connection[Any]:
    """As the planner's role."""
    options = OPTIONS.format(timeout=timeout_ms)
    return psycopg.connect(dsn, autocommit=True, options=options, application_name="prodparity twin")
