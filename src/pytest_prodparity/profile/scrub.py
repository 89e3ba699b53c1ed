"""What looks like a secret or like a person, wherever it stands: in a default, a function's body, a common value."""

from __future__ import annotations

import functools
import ipaddress
import re

_SECRETS: dict[str, re.Pattern[str]] = {
    "password in a URL": re.compile(r"(?<=://)[^\s:/@'\"]*:([^\s@'\"/]+)(?=@)"),
    "JSON web token": re.compile(r"\b(eyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]*)"),
    "private key": re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))", re.DOTALL),
    "AWS key": re.compile(r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b"),
    "GitHub token": re.compile(r"\b((?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}))\b"),
    "GitLab token": re.compile(r"\b(glpat-[\w-]{16,})"),
    "Slack token": re.compile(r"\b(xox[abeoprs]-[\w-]{10,})"),
    "Stripe key": re.compile(r"\b((?:sk|rk|whsec|pk)_(?:live_|test_)?[A-Za-z0-9]{16,})\b"),
    "Google key": re.compile(r"\b(AIza[\w-]{30,})"),
    "OpenAI or Anthropic key": re.compile(r"\b(sk-[\w-]{20,})"),
    "SendGrid key": re.compile(r"\b(SG\.[\w-]{16,}\.[\w-]{16,})"),
    "bearer token": re.compile(r"\b(?:bearer|basic)\s+([\w+/.~-]{16,}=*)", re.IGNORECASE),
    "password hash": re.compile(r"(\$2[abxy]?\$\d\d\$[./\w]{53}|\$argon2\w*\$[^\s']+|SCRAM-SHA-256\$[^\s']+|\bmd5[0-9a-f]{32}\b)"),
}  # fmt: skip


_WORD = r"(?:password|passwd|pwd|secret|api_?key|access_?key|auth_?token|client_secret)"
_IN_LITERAL = re.compile(rf"\b\w*{_WORD}[\"']*\s*[=:]\s*(?![\s$]|null\b)[\"']*([^\s'\";,&}}]{{4,}})", re.IGNORECASE)
"""`password=…` of a connection string, `"password": "…"` of a document."""
_IN_CODE = re.compile(rf"\b\w*{_WORD}\s*(?:=|:=|=>)\s*'([^'\s]{{4,}})'", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^'\n]|'')*'")


def without_secrets(text: str, *, value: bool = False) -> tuple[str, set[str]]:
    """`text` with each recognised secret replaced by `***`, and the kinds that were found.

    `text` is SQL, of which only literals are changed, so that it still runs; or one `value`.
    """
    found: set[str] = set()

    def star(kind: str, match: re.Match[str]) -> str:
        found.add(kind)
        start, end = match.start(1) - match.start(), match.end(1) - match.start()
        return match[0][:start] + "***" + match[0][end:]

    for kind, pattern in _SECRETS.items():
        text = pattern.sub(functools.partial(star, kind), text)
    password = functools.partial(star, "password")
    if value:
        return _IN_LITERAL.sub(password, text), found
    text = _IN_CODE.sub(password, text)
    return _LITERAL.sub(lambda literal: _IN_LITERAL.sub(password, literal[0]), text), found


_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+")
_PHONE = re.compile(r"(\+\d[\d\s().\-/]{6,18}\d|\(?0?\d{2,5}\)?[\s./-]\d{2,5}[\s./-]?\d{2,5}([\s./-]?\d{2,5})?)")
_DATE = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\b.*")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[ ]?([A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}")
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_CARD = re.compile(r"[3-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3[47]\d{2}([ -]?)\d{6}\2\d{5}")
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"(0x|\\x)?[0-9a-f]{24,}", re.IGNORECASE)
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=-]{20,}")


def looks(value: str) -> str | None:
    """`secret` or `personal` for one value that is, with little doubt, a key, a token, an address or a number of a person."""
    text = value.strip()
    if without_secrets(text, value=True)[1] or _token(text):
        return "secret"
    if _EMAIL.search(text) or _SSN.fullmatch(text) or _iban(text) or _phone(text) or card(text) or _address(text):
        return "personal"
    return None


def _token(text: str) -> bool:
    if _UUID.fullmatch(text) or (_HEX.fullmatch(text) and not text.isdigit()):
        return True
    kinds = (any(c.isdigit() for c in text), any(c.islower() for c in text), any(c.isupper() for c in text))
    return bool(_OPAQUE.fullmatch(text)) and all(kinds) and len(set(text)) > 10


def _phone(text: str) -> bool:
    digits = sum(c.isdigit() for c in text)
    return (
        (7 if text.startswith("+") else 9) <= digits <= 15
        and bool(_PHONE.fullmatch(text))
        and not _DATE.fullmatch(text)
    )


def _iban(text: str) -> bool:
    if not _IBAN.fullmatch(text):
        return False
    packed = text.replace(" ", "")
    turned = packed[4:] + packed[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def card(text: str) -> bool:
    """Is it a card number? 13 to 19 digits that pass Luhn's check."""
    if not _CARD.fullmatch(text):
        return False
    digits = [int(c) for c in text if c.isdigit()][::-1]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2])
    return 13 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _address(text: str) -> bool:
    if text.count(".") != 3 and text.count(":") < 2:
        return False
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return not re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text)
