"""A stand-in server: lets a PostgreSQL client program use the transaction that this process has open.

pg_dump needs a server to talk to. This one listens on a socket in a folder that only this user can enter, and passes
each query on to the open connection. So pg_dump sees the same snapshot, needs no password, no TLS of its own (the
wheel's has none) and no second connection, which makes it work on a standby and behind PgBouncer; and statements that
would end the transaction, take locks or lift timeouts are answered here. The messages are the protocol's version 3:
https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import re
import socket
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from psycopg import pq

from ..core.errors import ProdparityError

PORT = 5432
_PARAMETERS = (
    b"server_version", b"server_encoding", b"client_encoding", b"is_superuser", b"session_authorization", b"DateStyle",
    b"IntervalStyle", b"TimeZone", b"integer_datetimes", b"standard_conforming_strings", b"application_name",
    b"in_hot_standby",
)  # fmt: skip
_REFUSED = re.compile(rb"\s*(COPY|COMMIT|ROLLBACK|END|ABORT)\b", re.IGNORECASE)
_ANSWERED = (
    # our transaction is open already, with the same isolation
    (re.compile(rb"\s*BEGIN\b", re.IGNORECASE), b"BEGIN"),
    (re.compile(rb"\s*SET TRANSACTION\b", re.IGNORECASE), b"SET"),
    # a lock would need SELECT on every table, and make a migration of production's wait
    (re.compile(rb"\s*LOCK TABLE\b", re.IGNORECASE), b"LOCK TABLE"),
    # our own timeouts stay
    (re.compile(rb"\s*SET (statement|lock|idle_in_transaction_session|transaction)_timeout\b", re.IGNORECASE), b"SET"),
)


def run(command: Sequence[str], connection: pq.abc.PGconn, *, folder: Path, environment: dict[str, str]) -> None:
    """Run `command` with PGHOST and PGPORT naming the stand-in; raises ProdparityError with its last line of stderr.

    `folder` must be private: whoever can enter it can use the connection.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / f".s.PGSQL.{PORT}"))
        listener.listen(1)
        listener.settimeout(0.2)
        told = folder / "stderr"
        with told.open("wb") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**environment, "PGHOST": str(folder), "PGPORT": str(PORT), "PGGSSENCMODE": "disable"},
            )
            try:
                _serve(listener, process, connection)
                process.wait(30)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode:
            said = told.read_text(errors="replace").strip()
            raise ProdparityError(f"{Path(command[0]).name} failed: {said[-600:] or process.returncode}")


def _serve(listener: socket.socket, process: subprocess.Popen[bytes], connection: pq.abc.PGconn) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client, _ = listener.accept()
        except TimeoutError:
            continue
        client.settimeout(None)
        with client, client.makefile("rwb") as stream:
            _converse(stream, connection)
        return


def _converse(stream: socket.SocketIO | object, connection: pq.abc.PGconn) -> None:
    read, write, flush = stream.read, stream.write, stream.flush  # type: ignore[union-attr]
    while True:
        size, code = struct.unpack("!ii", read(8))
        read(size - 8)
        if code == 196608:
            break
        write(b"N")  # no TLS, no GSS: the socket is private
        flush()
    write(_message(b"R", struct.pack("!i", 0)))
    for name in _PARAMETERS:
        value = connection.parameter_status(name)
        if value is not None:
            write(_message(b"S", name + b"\0" + value + b"\0"))
    write(_message(b"K", struct.pack("!ii", 0, 0)) + _message(b"Z", b"I"))
    flush()
    while kind := read(1):
        body = read(struct.unpack("!i", read(4))[0] - 4)
        if kind == b"X":
            return
        write(_answer(body.rstrip(b"\0"), connection) if kind == b"Q" else _error(b"0A000", b"simple queries only"))
        write(_message(b"Z", b"T"))
        flush()


def _answer(query: bytes, connection: pq.abc.PGconn) -> bytes:
    """The messages for one query, without ReadyForQuery."""
    for pattern, tag in _ANSWERED:
        if pattern.match(query):
            return _message(b"C", tag + b"\0")
    if _REFUSED.match(query):
        return _error(b"25001", b"the transaction belongs to capture")
    result = connection.exec_(query)
    if result.status == pq.ExecStatus.TUPLES_OK:
        return _table(result)
    if result.status in (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY):
        return _message(b"C", (result.command_status or b"") + b"\0")
    state = result.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000"
    return _error(state, result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message)


def _table(result: pq.abc.PGresult) -> bytes:
    columns = range(result.nfields)
    fields = b"".join(
        (result.fname(at) or b"") + b"\0"
        + struct.pack("!IhIhih", result.ftable(at), result.ftablecol(at), result.ftype(at), result.fsize(at), result.fmod(at), 0)
        for at in columns
    )  # fmt: skip
    parts = [_message(b"T", struct.pack("!h", len(columns)) + fields)]
    for row in range(result.ntuples):
        cells = [result.get_value(row, at) for at in columns]
        body = b"".join(b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell for cell in cells)
        parts.append(_message(b"D", struct.pack("!h", len(cells)) + body))
    parts.append(_message(b"C", (result.command_status or b"") + b"\0"))
    return b"".join(parts)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _error(state: bytes, text: bytes) -> bytes:
    return _message(b"E", b"SERROR\0VERROR\0C" + state + b"\0M" + text + b"\0\0")
