"""Production's world in your tests. These are the words that a test writes; they need the standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.errors import ParityFailure, ProdparityError, UsageError
    from .core.expectation import Budget

__all__ = ["Budget", "ParityFailure", "ProdparityError", "UsageError"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run of everybody who has it installed: each word is loaded when it is used.
    if name == "Budget":
        from .core.expectation import Budget

        return Budget
    if name in __all__:
        from .core import errors

        return getattr(errors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
