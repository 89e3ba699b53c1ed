"""The client's side of PostgreSQL's password logins: SCRAM-SHA-256 (RFC 5802, 7677), MD5, cleartext."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import stringprep
import unicodedata

from . import postgres

OK, CLEARTEXT, MD5, SASL, SASL_CONTINUE, SASL_FINAL = 0, 3, 5, 10, 11, 12


class LoginError(Exception):
    """The server asks for what we cannot do, or does not prove that it knows the password."""


class Login:
    """Answers one server's authentication requests."""

    def __init__(self, user: str, password: str, *, nonce: str | None = None) -> None:
        self._user = user
        self._password = password
        self._nonce = nonce or base64.b64encode(secrets.token_bytes(18)).decode()
        self._first = ""
        self._proof_of_server = b""

    def answer(self, request: bytes) -> bytes | None:
        """The message due after an Authentication message with this body; None where none is. Raises LoginError."""
        kind = int.from_bytes(request[:4], "big")
        rest = request[4:]
        if kind == OK:
            return None
        if kind == CLEARTEXT:
            return postgres.message(b"p", self._password.encode() + b"\0")
        if kind == MD5:
            return postgres.message(b"p", self._md5(rest[:4]) + b"\0")
        if kind == SASL:
            return self._begin(rest)
        if kind == SASL_CONTINUE:
            return postgres.message(b"p", self._prove(rest.decode()))
        if kind == SASL_FINAL:
            self._check(rest.decode())
            return None
        raise LoginError(f"the server asks for authentication method {kind}; only passwords can be given here")

    def _md5(self, salt: bytes) -> bytes:
        inner = hashlib.md5((self._password + self._user).encode()).hexdigest()  # noqa: S324  # the protocol's
        return b"md5" + hashlib.md5(inner.encode() + salt).hexdigest().encode()  # noqa: S324

    def _begin(self, mechanisms: bytes) -> bytes:
        offered = [name.decode() for name in mechanisms.split(b"\0") if name]
        if "SCRAM-SHA-256" not in offered:
            raise LoginError(f"the server offers only {', '.join(offered)}")
        # PostgreSQL takes the user from the start-up message and ignores the one here.
        self._first = f"n=,r={self._nonce}"
        first = b"n,," + self._first.encode()
        return postgres.message(b"p", b"SCRAM-SHA-256\0" + len(first).to_bytes(4, "big") + first)

    def _prove(self, challenge: str) -> bytes:
        said = dict(part.split("=", 1) for part in challenge.split(",") if "=" in part)
        nonce, salt, rounds = said.get("r", ""), said.get("s", ""), said.get("i", "")
        if not nonce.startswith(self._nonce) or not rounds.isdigit():
            raise LoginError("the server's SCRAM challenge does not belong to our request")
        salted = hashlib.pbkdf2_hmac("sha256", saslprep(self._password).encode(), base64.b64decode(salt), int(rounds))
        key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={nonce}"
        signed = ",".join((self._first, challenge, final)).encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
        self._proof_of_server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        proof = bytes(mine ^ theirs for mine, theirs in zip(key, signature, strict=True))
        return f"{final},p={base64.b64encode(proof).decode()}".encode()

    def _check(self, final: str) -> None:
        said = final.removeprefix("v=").split(",")[0]
        if not hmac.compare_digest(base64.b64decode(said), self._proof_of_server):
            raise LoginError("the server does not know the password either")


def saslprep(password: str) -> str:
    """RFC 4013's normal form; the password itself where it has none, as PostgreSQL does."""
    if password.isascii():
        return password
    kept = [" " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)]
    prepared = unicodedata.normalize("NFKC", "".join(kept))
    prohibited = (
        stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
        stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
        stringprep.in_table_c9, stringprep.in_table_a1,
    )  # fmt: skip
    if not prepared or any(table(char) for char in prepared for table in prohibited):
        return password
    return prepared
