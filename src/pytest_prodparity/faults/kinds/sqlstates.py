"""PostgreSQL's own words for the errors that a correct statement can get."""

from __future__ import annotations

CONNECT = {
    "53300": "sorry, too many clients already",
    "57P03": "the database system is starting up",
}
"""With these a server answers who connects; it closes the connection after them."""

TRIP = {
    "40001": "could not serialize access due to concurrent update",
    "40P01": "deadlock detected",
    "57014": "canceling statement due to statement timeout",
    "55P03": "canceling statement due to lock timeout",
    "53100": 'could not extend file "base/16384/16397": No space left on device',
    "53200": "out of memory",
    "25006": "cannot execute a writing statement in a read-only transaction",
}

FATAL = {
    "57P01": "terminating connection due to administrator command",
    "57P02": "terminating connection because of crash of another server process",
    "25P03": "terminating connection due to idle-in-transaction timeout",
    "57P05": "terminating connection due to idle-session timeout",
}
"""After these the session is over."""

DETAILS = {
    "40P01": "Process 4711 waits for ShareLock on transaction 815; blocked by process 4712.\n"
    "Process 4712 waits for ShareLock on transaction 816; blocked by process 4711.",
}
HINTS = {
    "40P01": "See server log for query details.",
    "53100": "Check free disk space.",
}


def message_of(sqlstate: str) -> str:
    """The primary message."""
    known = CONNECT.get(sqlstate) or TRIP.get(sqlstate) or FATAL.get(sqlstate)
    return known or f"error {sqlstate}, as asked for"
