"""What a caller of POST /payouts must send. https://razorpay.com/docs/api/x/payouts/create"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from niyat.sandbox.razorpay import fields, store
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Notes
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.x import contacts, fund_accounts
from niyat.sandbox.razorpay.x.contacts import Contact
from niyat.sandbox.razorpay.x.fund_accounts import FundAccount

Mode = Literal["NEFT", "RTGS", "IMPS", "UPI"]

FIELDS = frozenset(
    {
        "account_number",
        "fund_account_id",
        "fund_account",
        "amount",
        "currency",
        "mode",
        "purpose",
        "queue_if_low_balance",
        "reference_id",
        "narration",
        "notes",
    }
)
PURPOSES = ("refund", "cashback", "payout", "salary", "utility bill", "vendor bill")
_LAKH = 100_000_00
_LIMITS: dict[Mode, tuple[int, int]] = {
    "NEFT": (100, 10**14),
    "RTGS": (2 * _LAKH, 10**14),
    "IMPS": (100, 5 * _LAKH),
    "UPI": (100, 1 * _LAKH),
}
"""https://razorpay.com/docs/x/payouts: amounts in paise, both inclusive."""
_NARRATION = re.compile(r"[A-Za-z0-9 ]*")


@dataclass(frozen=True)
class Wanted:
    account: FundAccount
    contact: Contact
    composite: bool
    """The fund account came inside the request, so the answer shows it."""
    amount: int
    currency: str
    mode: Mode
    purpose: str
    reference_id: str | None
    narration: str | None
    notes: Notes
    queue: bool


def read(desk: Desk, body: fields.Body) -> Wanted:
    """Raises Refusal. A composite request makes its contact and fund account."""
    number = fields.text(body, "account_number", 40, required=True)
    if number != desk.merchant.payout_account_number:
        raise Refusal("The account number is invalid.", field="account_number")
    amount = fields.amount(body.get("amount"))
    currency = fields.currency(body.get("currency"))
    if currency != "INR":
        raise Refusal("Currency is not supported", field="currency")
    purpose = fields.text(body, "purpose", 40, required=True) or ""
    if purpose not in PURPOSES:
        raise Refusal(f"Invalid purpose: {purpose}", field="purpose")
    narration = fields.text(body, "narration", 30)
    if narration is not None and not _NARRATION.fullmatch(narration):
        raise Refusal("The narration format is invalid.", field="narration")
    reference_id = fields.text(body, "reference_id", 40)
    notes, queue = fields.notes(body.get("notes")), contacts.flag(body, "queue_if_low_balance")
    account, contact = _fund_account(desk, body)
    mode = _mode(body, account, amount)
    composite = "fund_account" in body
    return Wanted(
        account, contact, composite, amount, currency, mode, purpose, reference_id, narration, notes, queue
    )


def _fund_account(desk: Desk, body: fields.Body) -> tuple[FundAccount, Contact]:
    if "fund_account" in body:
        allowed = (fund_accounts.FIELDS - {"contact_id"}) | {"contact"}
        given = fields.sub_object(body["fund_account"], "fund_account", allowed)
        details = fields.sub_object(given.get("contact"), "contact", contacts.FIELDS)
        contact = contacts.create(desk, details)
        account = fund_accounts.of_contact(desk, contact, given)
    else:
        account_id = fields.text(body, "fund_account_id", 40, required=True) or ""
        account = fund_accounts.fetch(desk, account_id)
        contact = store.fetch(desk, "contact", account["contact_id"])
    if not account["active"] or not contact["active"]:
        raise Refusal("Payouts cannot be created on an inactive fund account", field="fund_account_id")
    return account, contact


def _mode(body: fields.Body, account: FundAccount, amount: int) -> Mode:
    mode = next((one for one in get_args(Mode) if one == body.get("mode")), None)
    if mode is None or (mode == "UPI") != (account["account_type"] == "vpa"):
        raise Refusal("Payout mode is invalid", field="mode")
    least, most = _LIMITS[mode]
    if not least <= amount <= most:
        raise Refusal(f"The amount is not possible by {mode}", field="amount")
    found: Mode = mode
    return found
