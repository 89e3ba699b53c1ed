"""What a trip's statements begin with."""

from __future__ import annotations

from ...wire import lexer
from ...wire.gate import Asking

_CONTROL = frozenset(
    [
        "BEGIN",
        "START",
        "ROLLBACK",
        "ABORT",
        "SAVEPOINT",
        "RELEASE",
        "SET",
        "RESET",
        "SHOW",
        "DISCARD",
        "DEALLOCATE",
        "LISTEN",
        "UNLISTEN",
        "CLOSE",
    ]
)


def first_word(asking: Asking) -> str:
    """The keyword of the statement that is executed first, in capitals; empty where there is none."""
    words = lexer.words(asking.statements[0], 1) if asking.statements else []
    return words[0].upper() if words else ""


def controls(asking: Asking) -> str | None:
    """The keyword of a statement that touches no row and so takes no lock, waits for nothing and writes nothing."""
    word = first_word(asking)
    return word if word in _CONTROL else None


def commits(asking: Asking) -> bool:
    """Whether the first statement is a COMMIT."""
    return first_word(asking) in ("COMMIT", "END")


def copies_in(asking: Asking) -> bool:
    """Whether rows will come from the client."""
    for statement in asking.statements:
        words = (
            [word.upper() for word in lexer.words(statement, 4_000)]
            if statement[:20].lstrip()[:4].upper() == "COPY"
            else []
        )
        if "STDIN" in words:
            return True
    return False
