"""The exceptions of callables: what they are, and what they are called. Their texts may quote rows and are never shown."""

from __future__ import annotations

from .execution import Execution, Outcome

_POOLS = {"PoolTimeout", "TooManyRequests"}


def sqlstate(outcome: Outcome) -> str | None:
    """Of its exception, of the one that this wraps, or of what led to it."""
    error, seen = outcome.error, 0
    while error is not None and seen < 10:
        found = _own(error)
        if found is not None:
            return found
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def failure(outcome: Outcome) -> tuple[str, str | None]:
    """What two failures must have in common to be the same: class and SQLSTATE. Empty where there is none."""
    if outcome.error is None:
        return "", None
    return f"{type(outcome.error).__module__}.{type(outcome.error).__qualname__}", _own(outcome.error)


def _own(error: BaseException) -> str | None:
    found = Outcome(error=error).sqlstate or getattr(error, "pgcode", None)
    return found if isinstance(found, str) else None


def ended(outcome: Outcome) -> str:
    """`returns`, or `raises DeadlockDetected (40P01)`."""
    if outcome.error is None:
        return "returns"
    state = sqlstate(outcome)
    return f"raises {type(outcome.error).__name__}{f' ({state})' if state else ''}"


def last_state(run: Execution, actor: int) -> str | None:
    """Of the last statement of all, if that failed: for an exception that says nothing of it."""
    for step in reversed(run.steps):
        if step.actor == actor and (step.sqlstate or step.ready.state != "E"):
            return step.sqlstate
    return None


def named(outcome: Outcome, state: str | None) -> tuple[str, str, str]:
    """Rule, kind, and words for an exception."""
    error = type(outcome.error)
    if error.__name__ in _POOLS or (error.__name__ == "TimeoutError" and error.__module__.startswith("sqlalchemy")):
        return "pool-exhausted", "pool-exhausted", f"{error.__name__}: no connection left in the pool; it"
    if state == "40P01":
        return "deadlock", "deadlock", "a deadlock (40P01)"
    if state == "40001":
        return "not-serializable", "serialization failure", "a serialization failure (40001) that nobody retries"
    if state == "23505":
        return "not-serializable", "unique violation", "a unique violation (23505) that no serial order has"
    code = f" ({state})" if state else ""
    return "not-serializable", "exception", f"{error.__name__}{code}, which no serial order raises,"
