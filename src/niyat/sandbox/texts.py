"""What becomes of a text message after Twilio took it: its statuses, and the callbacks that tell of them.

Twilio signs the address it calls and every field of the form
(https://www.twilio.com/docs/usage/security#validating-requests). The signing is written out here, so that it shares
no mistake with the library that verifies.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

from niyat.sandbox import postman
from niyat.sandbox.world import World

UNDELIVERED = {
    "+15005530003": 30003,  # unreachable
    "+15005530005": 30005,  # unknown
    "+15005530006": 30006,  # a landline
    "+15005530007": 30007,  # filtered
    "+15005530008": 30008,  # nobody knows why
}
"""Magic numbers of this sandbox: `+15005530003` ends as error 30003. The vendor has none for what comes later."""

FILTERED = 30007
INDIA = "+91"

_GSM = re.compile(r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*")


def follow(world: World, account_sid: str, message: Mapping[str, object], callback: str | None) -> None:
    """Decide how a message ends and put its callbacks on their way. Inside a transaction of the books."""
    error = _error(world, account_sid, message)
    ends = "undelivered" if error else "delivered"
    doc = {**message, "status": ends, "error_code": error}
    world.books.run(
        "UPDATE texts SET doc = ? WHERE json_extract(doc, '$.sid') = ?", json.dumps(doc), str(message["sid"])
    )
    behaviour = _behaviour(world, account_sid)
    if callback is None or behaviour == "drop":
        return
    for status in ("sent", ends):
        fields = {
            "AccountSid": account_sid,
            "ApiVersion": "2010-04-01",
            "From": str(message["from"] or ""),
            "MessageSid": str(message["sid"]),
            "MessageStatus": status,
            "SmsSid": str(message["sid"]),
            "SmsStatus": status,
            "To": str(message["to"]),
        }
        if error and status == ends:
            fields["ErrorCode"] = str(error)
        _put(world, account_sid, callback, fields, held=behaviour == "hold")


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """Base64 HMAC-SHA1 over the address and each name with its value, by name."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.digest(auth_token.encode(), text.encode(), hashlib.sha1)).decode()


def _put(world: World, account_sid: str, url: str, fields: Mapping[str, str], *, held: bool) -> None:
    account = world.books.row("SELECT auth_token FROM phone_accounts WHERE sid = ?", account_sid)
    token = account["auth_token"] if account else ""
    postman.put(
        world,
        sender=account_sid,
        about=fields["MessageSid"],
        what=fields["MessageStatus"],
        url=url,
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signature(token, url, fields),
        },
        body=urlencode(fields).encode(),
        held=held,
    )


def _behaviour(world: World, account_sid: str) -> str:
    row = world.books.row("SELECT callbacks FROM phone_behaviours WHERE sid = ?", account_sid)
    return str(row["callbacks"]) if row else "deliver"


def _error(world: World, account_sid: str, message: Mapping[str, object]) -> int | None:
    to = str(message["to"])
    if to in UNDELIVERED:
        return UNDELIVERED[to]
    row = world.books.row("SELECT dlt FROM phone_behaviours WHERE sid = ?", account_sid)
    if not to.startswith(INDIA) or row is None or row["dlt"] is None:
        return None
    registered = json.loads(row["dlt"])
    fits = any(_fits(words, str(message["body"])) for words in registered["templates"])
    return None if fits and message["from"] == registered["header"] else FILTERED


def _fits(words: str, body: str) -> bool:
    """Whether `body` is the registered wording, with up to 40 letters for each `{#var#}`."""
    pattern = ".{0,40}".join(re.escape(part) for part in words.split("{#var#}"))
    return re.fullmatch(pattern, body, re.DOTALL) is not None


def segments(body: str) -> int:
    """How many SMS the text takes: 160 GSM-7 or 70 UCS-2 characters, 153 or 67 each when concatenated."""
    if _GSM.fullmatch(body):
        length, single, joined = len(body), 160, 153
    else:
        length, single, joined = len(body.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // joined)
