"""The three ways in which something can be wrong: the test, its author, the machine."""

from __future__ import annotations


class ProdparityError(Exception):
    """The machine is broken: a server does not start, a disk is full, a file cannot be read.

    The message has up to three parts, each on its own line: what happened (with its value), what was
    tried, what to type.
    """

    def __init__(self, happened: str, *, tried: str | None = None, fix: str | None = None) -> None:
        lines = [happened]
        if tried:
            lines.append(tried)
        if fix:
            lines.append(f"To fix: {fix}")
        super().__init__("\n".join(lines))
        self.happened = happened
        self.tried = tried
        self.fix = fix


class UsageError(ProdparityError):
    """The author asked for something that does not exist: a wrong flag, key, value, URL or marker."""


class ParityFailure(AssertionError):  # it is a failed expectation, not an error of ours
    """A test passed here and would fail in production. Shown without a traceback; the findings say where."""
