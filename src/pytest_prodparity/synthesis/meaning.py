"""What a text column is about, by its name; and lists of real-looking words for it, from Faker."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..profile.words import words
from .text import Hexes, Letters, Listed, Phrase, Texter, Words

if TYPE_CHECKING:
    from faker import Faker

LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "pl_PL", "pt_BR", "ja_JP")
EACH = 150
"""Values a locale."""

_MEANINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("email", ("email", "mail", "correo")),
    ("uuid", ("uuid", "guid")),
    ("hash", ("hash", "digest", "token", "secret", "key", "signature", "checksum", "fingerprint", "sha", "md5", "etag", "password", "salt")),
    ("first", ("firstname", "first", "vorname", "givenname", "forename", "prenom")),
    ("last", ("lastname", "last", "surname", "nachname", "familyname", "apellido")),
    ("login", ("username", "login", "nickname", "handle", "screenname")),
    ("company", ("company", "organization", "organisation", "employer", "vendor", "brand", "manufacturer", "supplier", "merchant")),
    ("street", ("street", "address", "addr", "address1", "addr1", "line1", "strasse", "adresse")),
    ("city", ("city", "town", "ort", "ville", "ciudad")),
    ("postcode", ("zip", "zipcode", "postcode", "postal", "postalcode", "plz")),
    ("country", ("country", "nation", "land", "pays")),
    ("region", ("state", "province", "county", "region")),
    ("phone", ("phone", "tel", "telephone", "mobile", "fax", "telefon", "cell")),
    ("url", ("url", "uri", "link", "website", "homepage", "href", "avatar", "image")),
    ("ip", ("ip", "ipaddr", "ipaddress")),
    ("currency", ("currency", "ccy")),
    ("language", ("language", "lang", "locale")),
    ("color", ("color", "colour")),
    ("job", ("job", "occupation", "profession", "position", "role")),
    ("slug", ("slug",)),
    ("words", ("comment", "description", "body", "content", "note", "notes", "message", "text", "summary", "bio", "title", "subject", "details", "reason")),
    ("name", ("name", "fullname", "displayname", "contact", "author", "customer", "owner", "recipient", "sender", "nom", "nome")),
)  # fmt: skip
_STATES = ("open", "closed", "active", "pending", "done", "failed", "new", "archived", "draft", "cancelled")
_CATEGORY = {
    "status",
    "state",
    "type",
    "kind",
    "category",
    "mode",
    "level",
    "priority",
    "stage",
    "phase",
    "method",
    "source",
}


def meaning(table: str, name: str) -> str | None:
    """One of the names above, or None where the column's name says nothing."""
    parts = words(name)
    pairs = {*parts, *("".join(parts[at : at + 2]) for at in range(len(parts)))}
    if parts and parts[-1] in _CATEGORY:
        return "category"
    found = next((what for what, known in _MEANINGS if pairs & set(known)), None)
    if found == "name" and set(words(table)) & {"product", "products", "item", "items", "part", "parts", "articles"}:
        return "product"
    return found


def texter(what: str | None, *, size: int, width: float | None, limit: int | None, unique: bool, salt: int) -> Texter:
    """Makes about `size` texts of `width` bytes on average, where known, and never of more than `limit` characters."""
    maker = _PHRASES.get(what or "")
    if what == "uuid" and (limit is None or limit >= 36):
        return Hexes(width=32, dashes=True, salt=salt)
    if what == "hash" and (limit is None or limit >= 16) and (width is None or width >= 16):
        digits = round(width - 1) if width is not None else 32
        return Hexes(width=min(max(16, digits), 512, limit or 512), salt=salt)
    if what == "category" and not unique and size <= len(_STATES) and (limit is None or limit >= 9):
        return Listed(texts=_STATES[: max(1, size)])
    if maker is not None:
        phrase = maker(size)
        fits = limit is None or phrase.longest <= limit
        # a name that says "name" may still hold two letters, or a paragraph
        alike = (
            width is None
            or what in ("email", "first", "last", "phone")
            or 0.3 * phrase.longest <= width <= 2.5 * phrase.longest
        )
        if fits and alike:
            return phrase
    return plain(size=size, width=width, limit=limit, unique=unique, salt=salt)


def plain(*, size: int, width: float | None, limit: int | None, unique: bool, salt: int) -> Texter:
    """Words, or letters where there is no room for words."""
    wanted = width if width is not None else min(24.0, limit or 24.0)
    room = min(wanted, limit) if limit is not None else wanted
    needs = len(str(max(1, size - 1)))
    if room < needs + 4 or room < 6:
        letters = max(1, round(room - 0.5) if width is None or width < 2 else round(width - 1))
        while 26**letters < size and (limit is None or letters < limit):
            letters += 1
        letters = min(letters, limit) if limit is not None else letters
        alphabet = "abcdefghijklmnopqrstuvwxyz"
        if 26**letters < size:
            alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        return Letters(width=letters, size=size, alphabet=alphabet)
    return Words(
        width=max(1.0, wanted - (1 if width is not None else 0)), limit=limit, size=size, unique=unique, salt=salt
    )


def _phrase(*pattern: str) -> Callable[..., Callable[[int], Phrase]]:
    def of(*lists: str) -> Callable[[int], Phrase]:
        return lambda size: Phrase(pattern=pattern, lists=tuple(listed(name) for name in lists), size=size)

    return of


_PHRASES: dict[str, Callable[[int], Phrase]] = {
    "email": _phrase("0", ".", "1", "#", "@", "2")("ascii_first", "ascii_last", "hosts"),
    "first": _phrase("0", " #")("first"),
    "last": _phrase("0", " #")("last"),
    "name": _phrase("0", " ", "1", " #")("first", "last"),
    "login": _phrase("0", "_", "1", "#")("ascii_first", "ascii_last"),
    "company": _phrase("0", " #")("company"),
    "street": _phrase("0", " ", "1", "-#")("street", "numbers"),
    "city": _phrase("0", " #")("city"),
    "postcode": _phrase("0", "#")("postcode"),
    "country": _phrase("0", " #")("country"),
    "region": _phrase("0", " #")("city"),
    "phone": _phrase("+", "0", " ", "1", " ", "2", "#")("dialling", "numbers", "numbers"),
    "url": _phrase("https://", "0", "/", "1", "/", "2", "#")("hosts", "ascii_last", "color"),
    "ip": _phrase("10.", "0", ".", "1", ".", "2")("bytes", "bytes", "bytes"),
    "currency": _phrase("0", "#")("currency"),
    "language": _phrase("0", "#")("language"),
    "color": _phrase("0", "#")("color"),
    "job": _phrase("0", " #")("job"),
    "slug": _phrase("0", "-", "1", "-#")("color", "ascii_last"),
    "product": _phrase("0", " ", "1", " #")("color", "thing"),
}


@functools.cache
def listed(name: str) -> tuple[str, ...]:
    """A list of distinct words, the same on every machine with the same Faker."""
    if name in _FIXED:
        return _FIXED[name]
    if name.startswith("ascii_"):
        plain_ones = (_ascii(entry) for entry in listed(name.removeprefix("ascii_")))
        return tuple(dict.fromkeys(entry for entry in plain_ones if len(entry) > 1))
    methods = {
        "first": "first_name",
        "last": "last_name",
        "street": "street_name",
        "language": "language_code",
        "color": "safe_color_name",
    }
    methods["currency"] = "currency_code"
    found: dict[str, None] = dict.fromkeys(_AWKWARD.get(name, ()))
    for locale in LOCALES:
        source = _faker(locale)
        source.seed_instance(f"{name} {locale}")
        make = getattr(source, methods.get(name, name), None)
        if make is not None:
            found.update(dict.fromkeys(str(make()) for _ in range(EACH)))
    return tuple(found)


@functools.cache
def _faker(locale: str) -> Faker:
    from faker import Faker

    return Faker(locale, use_weighting=False)


def _ascii(text: str) -> str:
    import unicodedata

    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in bare if letter.isalnum())


_FIXED: dict[str, tuple[str, ...]] = {
    "hosts": ("example.com", "example.org", "example.net", "mail.example.com", "shop.example", "corp.example", "test.example"),
    "numbers": tuple(str(number) for number in range(100, 1000, 7)),
    "bytes": tuple(str(number) for number in range(1, 255)),
    "dialling": ("1", "44", "49", "33", "34", "48", "55", "81", "39", "31", "46", "91"),
    "thing": (
        "lamp", "chair", "table", "kettle", "phone case", "backpack", "notebook", "bottle", "mug", "keyboard", "monitor stand",
        "desk", "shelf", "blanket", "pillow", "headphones", "charger", "cable", "tripod", "umbrella", "jacket", "boots", "scarf",
        "gloves", "hammer", "drill", "saw", "paint", "brush", "bucket", "ladder", "hose", "grill", "tent", "torch", "bicycle",
    ),
}  # fmt: skip
_AWKWARD = {
    "first": ("D'Arcy", "José", "Zoë", "Nguyễn", "Jean-Luc", "X Æ", "محمد", "Шевченко", "O", "Anna Maria Luisa"),
    "last": ("O'Brien", "Müller-Lüdenscheidt", "van der Berg", "Null", "de la Cruz", "Þórðarson", "Łukasiewicz", "Nuñez", "李", "McDonald"),
    "city": ("Łódź", "São Paulo", "'s-Hertogenbosch", "Ürümqi", "Å"),
    "company": ("O'Reilly & Sons \"Ltd\"", "Crédit <Général>", "株式会社テスト"),
    "postcode": ("00501", "01067", "SW1A 1AA"),
}  # fmt: skip
