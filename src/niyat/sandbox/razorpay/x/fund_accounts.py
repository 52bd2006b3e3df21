"""Fund accounts: a contact's bank account or UPI address. https://razorpay.com/docs/api/x/fund-accounts

They cannot be edited, only switched off; asking for one that exists gives the existing one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict

from niyat.sandbox.razorpay import fields, store
from niyat.sandbox.razorpay.desk import Desk
from niyat.sandbox.razorpay.entities import Page, new_id
from niyat.sandbox.razorpay.errors import Refusal
from niyat.sandbox.razorpay.instruments import BANKS
from niyat.sandbox.razorpay.x import contacts

FIELDS = frozenset({"contact_id", "account_type", "bank_account", "vpa"})
_BANK_FIELDS = frozenset({"name", "ifsc", "account_number"})
_IFSC = re.compile(r"[A-Z]{4}0[A-Z0-9]{6}")
_ACCOUNT_NUMBER = re.compile(r"[A-Za-z0-9]{5,35}")
_VPA = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")


class BankAccount(TypedDict):
    ifsc: str
    bank_name: str
    name: str
    notes: list[str]
    account_number: str


class Vpa(TypedDict):
    username: str
    handle: str
    address: str


class FundAccount(TypedDict):
    id: str
    entity: Literal["fund_account"]
    contact_id: str
    account_type: Literal["bank_account", "vpa"]
    bank_account: NotRequired[BankAccount]
    vpa: NotRequired[Vpa]
    batch_id: None
    active: bool
    created_at: int


def create(desk: Desk, body: fields.Body) -> FundAccount:
    contact_id = fields.text(body, "contact_id", 40, required=True) or ""
    contact: contacts.Contact = store.fetch(
        desk, "contact", contact_id, "The contact id provided does not exist."
    )
    return of_contact(desk, contact, body)


def of_contact(desk: Desk, contact: contacts.Contact, body: fields.Body) -> FundAccount:
    kind = body.get("account_type")
    account = FundAccount(
        id=new_id("fa"),
        entity="fund_account",
        contact_id=contact["id"],
        account_type="vpa" if kind == "vpa" else "bank_account",
        batch_id=None,
        active=True,
        created_at=desk.at,
    )
    if kind == "bank_account":
        account["bank_account"] = _bank_account(body.get("bank_account"))
    elif kind == "vpa":
        account["vpa"] = _vpa(body.get("vpa"))
    else:
        raise Refusal("The selected account type is invalid.", field="account_type")
    for known in store.of_parent(desk.books, "fund_account", contact["id"]):
        same = all(known.get(part) == account.get(part) for part in ("bank_account", "vpa"))
        if same:
            existing: FundAccount = known
            return existing
    store.add(desk, "fund_account", account, contact["id"])
    return account


def edit(desk: Desk, account_id: str, body: fields.Body) -> FundAccount:
    """Switch it off or on."""
    account = fetch(desk, account_id)
    account["active"] = contacts.flag(body, "active")
    store.save(desk, account)
    return account


def fetch(desk: Desk, account_id: str) -> FundAccount:
    found: FundAccount = store.fetch(desk, "fund_account", account_id)
    return found


def list_all(desk: Desk, query: Mapping[str, object]) -> Page:
    known = ("contact_id", "account_type")
    return store.listed(desk, "fund_account", query, {key: str(query[key]) for key in known if key in query})


def _bank_account(value: object) -> BankAccount:
    given = fields.sub_object(value, "bank_account", _BANK_FIELDS)
    ifsc = str(given.get("ifsc", ""))
    if len(ifsc) != 11:
        raise Refusal("The IFSC must be 11 characters.", field="ifsc")
    if not _IFSC.fullmatch(ifsc):
        raise Refusal("Invalid IFSC Code in Bank Account", field="ifsc")
    number = str(given.get("account_number", ""))
    if not _ACCOUNT_NUMBER.fullmatch(number):
        raise Refusal("The account number format is invalid.", field="account_number")
    return BankAccount(
        ifsc=ifsc,
        bank_name=BANKS.get(ifsc[:4], ifsc[:4]),
        name=contacts.name(given, most=120),
        notes=[],
        account_number=number,
    )


def _vpa(value: object) -> Vpa:
    given = fields.sub_object(value, "vpa", frozenset({"address"}))
    address = fields.text(given, "address", 100, required=True) or ""
    if not _VPA.fullmatch(address):
        raise Refusal("Invalid VPA. Please enter a valid Virtual Payment Address", field="address")
    username, _, handle = address.partition("@")
    return Vpa(username=username, handle=handle, address=address)
