"""Hypothesis: every example starts from the same state. Imported for tests under @given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .core.errors import ProdparityError
from .fixtures import session_of


@contextmanager
def apart(item: pytest.Function) -> Iterator[None]:
    """While this is open, what an example changed is taken back at its end; what fixtures wrote stays."""
    isolation = session_of(item.config).isolation
    function = getattr(item.obj, "__func__", item.obj)
    handle = function.hypothesis
    inner, settings = handle.inner_test, getattr(function, "_hypothesis_internal_use_settings", None)
    handle.inner_test = _taken_back(inner, isolation.back)
    if settings is not None:
        function._hypothesis_internal_use_settings = _quiet(item, settings)  # noqa: SLF001
    isolation.mark()
    try:
        yield
    finally:
        handle.inner_test = inner
        if settings is not None:
            function._hypothesis_internal_use_settings = settings  # noqa: SLF001
        isolation.unmark()


def _taken_back(inner: Callable[..., Any], over: Callable[[], None]) -> Callable[..., Any]:
    def end() -> None:
        try:
            over()
        except ProdparityError as error:
            pytest.fail(f"prodparity: {error}", pytrace=False)

    if inspect.iscoroutinefunction(inner):

        @functools.wraps(inner)
        async def awaited(*arguments: Any, **named: Any) -> Any:
            try:
                return await inner(*arguments, **named)
            finally:
                end()

        return awaited

    @functools.wraps(inner)
    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return inner(*arguments, **named)
        finally:
            end()

    return called


def _quiet(item: pytest.Function, settings: Any) -> Any:
    """No health check for `parity_db`, which is as new for each example; for other fixtures of the test it stays."""
    from hypothesis import HealthCheck
    from hypothesis import settings as make

    asked = inspect.signature(item.function).parameters
    own = [name for name in item.fixturenames if name in asked and _is_narrow(item, name)]
    if not own or not set(own) <= {"parity_db", "parity_faults"}:
        return settings
    return make(settings, suppress_health_check=[*settings.suppress_health_check, HealthCheck.function_scoped_fixture])


def _is_narrow(item: pytest.Function, name: str) -> bool:
    found = item._fixtureinfo.name2fixturedefs.get(name)  # noqa: SLF001
    return found is not None and len(found) > 0 and found[-1].scope == "function"
