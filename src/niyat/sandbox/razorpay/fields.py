"""Checks of what a caller sends, in the vendor's words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set

from niyat.sandbox.razorpay.entities import Notes
from niyat.sandbox.razorpay.errors import Refusal

Body = dict[str, object]

_MAX_NOTES = 15
_MAX_NOTE = 256
_MAX_RECEIPT = 40
_MIN_AMOUNT = 100
_MAX_AMOUNT = 10**14
_MAX_COUNT = 100
_MAX_NUMBER_DIGITS = 18
_FIRST_MOMENT, _LAST_MOMENT = 946684800, 4765046400


def parse_body(raw: bytes, allowed: Set[str]) -> Body:
    """The JSON object of a request; no body is an empty one. Unknown fields are refused."""
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError:
        raise Refusal("The request body is not valid JSON") from None
    if body == []:
        body = {}
    if not isinstance(body, dict):
        raise Refusal("The request body is not a JSON object")
    if extra := sorted(body.keys() - allowed):
        raise Refusal(f"{', '.join(extra)} is/are not required and should not be sent")
    return body


def amount(value: object, field: str = "amount") -> int:
    if value is None:
        raise Refusal(f"The {field} field is required.", field=field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(f"The {field} must be an integer.", field=field)
    if value < _MIN_AMOUNT:
        raise Refusal(f"The {field} must be at least INR 1.00", field=field)
    if value > _MAX_AMOUNT:
        raise Refusal("Amount exceeds maximum amount allowed.", field=field)
    return value


def currency(value: object) -> str:
    if value is None:
        raise Refusal("The currency field is required.", field="currency")
    if not isinstance(value, str) or len(value) != 3 or not value.isascii() or not value.isupper():
        raise Refusal("Currency is not supported", field="currency")
    return value


def receipt(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal("The receipt must be a string.", field="receipt")
    if len(value) > _MAX_RECEIPT:
        raise Refusal("The receipt may not be greater than 40 characters.", field="receipt")
    return value


def notes(value: object) -> Notes:
    """At most 15 pairs of at most 256 characters; none at all is an empty list, as the vendor writes it."""
    if value is None or value == [] or value == {}:
        return []
    if not isinstance(value, dict):
        raise Refusal("The notes must be an array.", field="notes")
    if len(value) > _MAX_NOTES:
        raise Refusal("Number of fields in notes should be less than or equal to 15", field="notes")
    if any(isinstance(note, dict | list) or len(str(note)) > _MAX_NOTE for note in value.values()):
        raise Refusal("Notes value cannot be greater than 256 characters", field="notes")
    return {name: str(note) for name, note in value.items()}


def whole_number(
    given: Mapping[str, object], field: str, default: int, least: int, most: int | None = None
) -> int:
    """An integer from a query or a body, within its bounds."""
    value = given.get(field, default)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_NUMBER_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(f"The {field} must be an integer.", field=field)
    if value < least:
        raise Refusal(f"The {field} must be at least {least}.", field=field)
    if most is not None and value > most:
        raise Refusal(f"The {field} may not be greater than {most}.", field=field)
    return value


def page_of(query: Mapping[str, object], most: int = _MAX_COUNT) -> tuple[int, int]:
    """count and skip of a list request."""
    return whole_number(query, "count", 10, 1, most), whole_number(query, "skip", 0, 0)


def span_of(query: Mapping[str, object]) -> tuple[int, int]:
    """`from` and `to` of a list request, both inclusive; https://razorpay.com/docs/api/settlements/fetch-all."""
    found = []
    for field, default in (("from", _FIRST_MOMENT), ("to", _LAST_MOMENT)):
        value = whole_number(query, field, default, 0)
        if not _FIRST_MOMENT <= value <= _LAST_MOMENT:
            raise Refusal(f"{field} must be between {_FIRST_MOMENT} and {_LAST_MOMENT}.", field=field)
        found.append(value)
    return found[0], found[1]


def text(body: Mapping[str, object], field: str, most: int, *, required: bool = False) -> str | None:
    """A string of at most `most` characters; empty counts as left out."""
    value = body.get(field)
    if value is None or value == "":
        if required:
            raise Refusal(f"The {field} field is required.", field=field)
        return None
    if not isinstance(value, str):
        raise Refusal(f"The {field} must be a string.", field=field)
    if len(value) > most:
        raise Refusal(f"The {field} may not be greater than {most} characters.", field=field)
    return value


def sub_object(value: object, name: str, allowed: Set[str]) -> Body:
    """An object inside a body. Unknown fields are refused."""
    if not isinstance(value, dict):
        raise Refusal(f"The {name} must be an array.", field=name)
    if extra := sorted(value.keys() - allowed):
        raise Refusal(f"{', '.join(extra)} is/are not required and should not be sent")
    return value
