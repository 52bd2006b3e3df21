"""What a payment says about the card, bank, wallet or UPI address that paid."""

from __future__ import annotations

import secrets

from niyat.sandbox.razorpay.entities import Card, Method, Payment, Upi, digits, new_id

_PAYER = "asha.rao@examplebank"
_CARD_NUMBER = "4100280000001007"
_NETWORKS = {"4": "Visa", "5": "MasterCard", "6": "RuPay"}


def describe(payment: Payment, method: Method, instrument: str | None = None) -> None:
    """Fill the fields that go with the method, as they stand before the bank answers.

    `instrument` is what the patient entered: a card number, UPI id, bank or wallet.
    """
    match method:
        case "card":
            card = _card(instrument or _CARD_NUMBER)
            payment["card"] = card
            payment["card_id"] = card["id"]
            payment["acquirer_data"] = {"auth_code": None}
        case "upi":
            vpa, flow = (instrument, "collect") if instrument else (_PAYER, "intent")
            payment["vpa"] = vpa
            payment["upi"] = Upi(payer_account_type="bank_account", vpa=vpa, flow=flow)
            payment["acquirer_data"] = {"rrn": None}
        case "netbanking":
            payment["bank"] = instrument or "HDFC"
            payment["acquirer_data"] = {"bank_transaction_id": None}
        case "wallet":
            payment["wallet"] = instrument or "airtelmoney"
            payment["acquirer_data"] = {"transaction_id": None}


def answer_of_bank(method: Method) -> dict[str, str | None]:
    """`acquirer_data` once the bank said yes."""
    match method:
        case "card":
            return {"auth_code": digits(6), "rrn": digits(12)}
        case "upi":
            return {"rrn": digits(12), "upi_transaction_id": secrets.token_hex(16).upper()}
        case "netbanking":
            return {"bank_transaction_id": digits(10)}
        case "wallet":
            return {"transaction_id": None}


def _card(number: str) -> Card:
    return Card(
        id=new_id("card"),
        entity="card",
        name="Asha Rao",
        last4=number[-4:],
        network=_NETWORKS.get(number[:1], "Unknown"),
        type="credit",
        issuer="HDFC",
        international=False,
        emi=False,
        sub_type="consumer",
    )
