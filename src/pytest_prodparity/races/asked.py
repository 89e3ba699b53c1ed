"""What a load was asked to be, checked."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.errors import UsageError

MOST_ACTORS = 500
_EXAMPLE = "parity_stress(lambda: buy(1), actors=16, seconds=5)"
Allow = type[BaseException] | tuple[type[BaseException], ...]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`call` and `invariant` take exactly one argument here."""

    call: Callable[[int], Any]
    is_async: bool
    actors: int
    seconds: float
    rate: float | None
    warmup: float
    patience: float
    invariant: Callable[[Any], Any] | None
    allow: tuple[type[BaseException], ...]


def asked(
    call: Callable[..., Any],
    actors: int,
    seconds: float,
    *,
    rate: float | None,
    warmup: float,
    patience: float,
    invariant: Callable[..., Any] | None,
    allow: Allow,
) -> Asked:
    """Raises UsageError."""
    __tracebackhide__ = True
    if inspect.isawaitable(call):
        if inspect.iscoroutine(call):
            call.close()
        raise _wrong(
            f"the call is a {type(call).__name__}: it was made already",
            "pass parity_stress the function, or lambda: buy(1)",
        )
    if isinstance(actors, bool) or not isinstance(actors, int) or not 1 <= actors <= MOST_ACTORS:
        raise _wrong(
            f"actors={actors!r} is not a number from 1 to {MOST_ACTORS}",
            "actors=16; for more load than one process can make: prodparity export locust PATH::TEST",
        )
    _number("seconds", seconds)
    _number("patience", patience)
    if rate is not None:
        _number("rate", rate)
    _number("warmup", warmup, least="zero, nor a number above it")
    kinds = allow if isinstance(allow, tuple) else (allow,)
    if not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
        raise _wrong(f"allow={allow!r} is not a type of exception, nor a tuple of them", "allow=(SoldOut,)")
    return Asked(
        call=_of_one("call", call, "the actor's number"),
        is_async=_is_async(call),
        actors=actors,
        seconds=float(seconds),
        rate=None if rate is None else float(rate),
        warmup=float(warmup),
        patience=float(patience),
        invariant=None if invariant is None else _of_one("invariant", invariant, "what the load came to"),
        allow=kinds,
    )


def _wrong(happened: str, fix: str = _EXAMPLE) -> UsageError:
    return UsageError(f"parity_stress: {happened}.", fix=fix)


def _number(name: str, value: object, *, least: str = "a number above zero") -> None:
    __tracebackhide__ = True
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not fits or value < 0 or (value == 0 and least.startswith("a ")):  # type: ignore[operator]
        raise _wrong(f"{name}={value!r} is not {least}")


def _is_async(call: Callable[..., Any]) -> bool:
    inner = call
    while hasattr(inner, "func"):  # functools.partial
        inner = inner.func
    # Of an instance with `async def __call__` the method says it.
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(vars(type(inner)).get("__call__"))


def _of_one(name: str, function: Callable[..., Any], given: str) -> Callable[[Any], Any]:
    """Whatever takes nothing, or takes `given`, as a function of one argument."""
    __tracebackhide__ = True
    if not callable(function):
        raise _wrong(f"{name}={function!r} cannot be called", "pass the function itself, or a lambda")
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have none
        return lambda _: function()
    needed = [
        each
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if len(needed) > 1 or any(each.kind == each.KEYWORD_ONLY for each in needed):
        names = ", ".join(each.name for each in needed)
        raise _wrong(
            f"{name} needs {len(needed)} arguments ({names}), and gets {given} at most",
            "parity_stress(lambda: buy(customer, item))",
        )
    return function if needed else lambda _: function()
