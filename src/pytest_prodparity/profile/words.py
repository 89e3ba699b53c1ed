"""Names of columns that hold something about a person, or a secret; in the languages that schemas are written in."""

from __future__ import annotations

import re

_PERSONAL_ANYWHERE = (
    "email", "e_mail", "phone", "telefon", "telefax", "mobile", "handy", "firstname", "lastname", "surname", "givenname",
    "fullname", "username", "nickname", "maiden", "vorname", "nachname", "prenom", "nombre", "apellido", "sobrenome",
    "address", "adresse", "direccion", "endereco", "street", "strasse", "postcode", "postalcode", "zipcode", "birth",
    "geburt", "naissance", "nacimiento", "nascimento", "passport", "reisepass", "socialsecurity", "nationalid",
    "personnummer", "taxid", "steuernummer", "iban", "accountnumber", "accountno", "creditcard", "cardnumber",
    "kreditkarte", "ipaddr", "useragent", "correo", "kontonummer", "licenseplate", "drivinglicen", "driverlicen",
    "religion", "ethnic", "diagnos", "gender",
)  # fmt: skip
_SECRET_ANYWHERE = (
    "password", "passwd", "passphrase", "passwort", "kennwort", "contrasena", "motdepasse", "secret", "token", "apikey",
    "accesskey", "privatekey", "encryptionkey", "signingkey", "credential", "authkey", "sessionid", "sessionkey", "cookie",
    "signature", "fingerprint", "otpcode", "recoverycode", "checksum",
)  # fmt: skip
_PERSONAL_WORDS = {
    "mail", "name", "names", "nom", "nome", "tel", "fax", "cell", "dob", "born", "ssn", "sin", "nin", "nhs", "cpf", "cnpj", "curp",
    "dni", "nif", "pesel", "bsn", "tin", "vat", "zip", "plz", "ip", "ip4", "ip6", "ipv4", "ipv6", "mac", "login", "addr",
    "pan", "iban", "bic", "swift", "sex", "race", "salary", "lat", "lon", "lng", "latitude", "longitude", "geo", "location",
    "alias", "contact", "recipient", "sender",
}  # fmt: skip
_SECRET_WORDS = {
    "pw", "pwd", "pass", "mdp", "senha", "clave", "key", "keys", "hash", "digest", "salt", "pin", "otp", "totp", "mfa",
    "jwt", "csrf", "nonce", "cvv", "cvc", "auth", "sid", "hmac", "pem", "cert", "certificate",
}  # fmt: skip
_NUMBERS_ANYWHERE = (
    "phone", "telefon", "mobile", "birth", "geburt", "naissance", "nacimiento", "passport", "socialsecurity", "nationalid",
    "personnummer", "taxid", "steuernummer", "iban", "accountnumber", "accountno", "creditcard", "cardnumber", "kontonummer",
    "password", "passwd", "passcode", "secret", "otpcode",
)  # fmt: skip
_NUMBERS_WORDS = {
    "dob", "born", "ssn", "sin", "nin", "nhs", "cpf", "cnpj", "curp", "dni", "nif", "pesel", "bsn", "tin", "vat", "tel", "fax", "cell",
    "pan", "pin", "otp", "cvv", "cvc", "salary", "ip",
}  # fmt: skip
_ABOUT = {"type", "kind", "status", "count", "currency", "locale", "lang", "language", "verified", "provider", "format", "method"}  # fmt: skip
"""`email_type` is about the e-mail, not one."""
_ABOUT_NUMBERS = _ABOUT | {"id", "ids", "at", "on", "cnt", "total", "length", "len", "version", "attempts"}


def words(name: str) -> list[str]:
    """`userEMail_2` -> user, e, mail, 2."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", name)
    return [word.casefold() for word in re.split(r"[\W_]+", spaced) if word]


def named(name: str) -> str | None:
    """`secret` or `personal` for the name of a column that holds text or something like it, else None."""
    parts = words(name)
    squashed = "".join(parts)
    if len(parts) > 1 and parts[-1] in _ABOUT:
        return None
    if any(word in squashed for word in _SECRET_ANYWHERE) or _SECRET_WORDS & set(parts):
        return "secret"
    if any(word.replace("_", "") in squashed for word in _PERSONAL_ANYWHERE) or _PERSONAL_WORDS & set(parts):
        return "personal"
    return "personal" if parts and parts[-1].endswith("name") else None


def named_number(name: str) -> str | None:
    """The same for numbers and times, of which only few names are personal: `phone`, `ssn`, `birth_date`; not `key`."""
    parts = words(name)
    squashed = "".join(parts)
    if len(parts) > 1 and parts[-1] in _ABOUT_NUMBERS and squashed not in ("taxid", "nationalid"):
        return None
    if any(word in squashed for word in _NUMBERS_ANYWHERE) or _NUMBERS_WORDS & set(parts):
        return "secret" if named(name) == "secret" else "personal"
    return None
