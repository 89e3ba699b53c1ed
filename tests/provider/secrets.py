"""The credentials of the tests' provider: made anew for each run, known by the names of environment variables."""

from __future__ import annotations

import base64
import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def token(length: int = 32) -> str:
    """Of a fixed length, since clients may meet it in a fixed-size form."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def password_that_base64_shows(user: str) -> str:
    """With a letter outside ASCII, and such that Basic's base64 needs `+` or `/`."""
    while True:
        made = f"{token(14)}ö{token(3)}?~"
        encoded = base64.b64encode(f"{user}:{made}".encode()).decode()
        if {"+", "/"} & set(encoded):
            return made


def credentials() -> dict[str, str]:
    """By environment variable, what a client of each flow is given."""
    user = f"reports-{token(6)}"
    return {
        "SHOP_CLIENT_ID": f"shop-{token(8)}",
        "SHOP_CLIENT_SECRET": token(40),
        "LEDGER_CLIENT_ID": f"ledger-{token(8)}",
        "LEDGER_CLIENT_SECRET": token(40),
        # RFC 6749, section 2.3.1: id and secret are form-encoded before Basic encodes them.
        "PARTNER_CLIENT_ID": f"partner-{token(8)}",
        "PARTNER_CLIENT_SECRET": f"{token(12)}+{token(12)}%2F{token(12)}",
        "SIGNER_CLIENT_ID": f"signer-{token(8)}",
        "SIGNER_CLIENT_SECRET": token(48),
        "WEB_CLIENT_ID": f"web-{token(8)}",
        "WEB_CLIENT_SECRET": token(40),
        "APP_CLIENT_ID": f"app-{token(8)}",
        "TV_CLIENT_ID": f"tv-{token(8)}",
        # The resource server's own, to ask the provider about opaque tokens.
        "API_CLIENT_ID": f"api-{token(8)}",
        "API_CLIENT_SECRET": token(40),
        "CATALOG_API_KEY": f"sk_live_{token(24)}",
        "MAPS_API_KEY": f"{token(10)}+{token(10)}/{token(10)}==",
        "REPORTS_USER": user,
        "REPORTS_PASSWORD": password_that_base64_shows(user),
        "FORUM_USER": f"{token(6)}@example.org",
        "FORUM_PASSWORD": f"{token(10)} &{token(6)}%",
        "FILES_TOKEN": f"pat_{token(36)}",
        "HOOK_KEY_ID": f"hk_{token(12)}",
        "HOOK_SECRET": f"whsec_{token(40)}",
        "ROBOT_ID": str(100_000 + secrets.randbelow(900_000)),
        "ROBOT_SECRET": token(48),
        "AWS_ACCESS_KEY_ID": f"AKIA{token(16).upper()}",
        "AWS_SECRET_ACCESS_KEY": f"{token(19)}/{token(9)}+{token(10)}",
    }


PUBLIC = frozenset({"SHOP_CLIENT_ID", "LEDGER_CLIENT_ID", "PARTNER_CLIENT_ID", "SIGNER_CLIENT_ID", "WEB_CLIENT_ID"} | {
    "APP_CLIENT_ID", "TV_CLIENT_ID", "API_CLIENT_ID", "REPORTS_USER", "FORUM_USER", "HOOK_KEY_ID", "ROBOT_ID", "AWS_ACCESS_KEY_ID"
})  # fmt: skip
"""The names among them whose values are no secrets: a log may show them."""
