"""Production's world in your tests. These are the words that a test writes; they need the standard library only."""

from .core.errors import ParityFailure, ProdparityError, UsageError
from .core.expectation import Budget

__all__ = ["Budget", "ParityFailure", "ProdparityError", "UsageError"]
__version__ = "0.1.0"
