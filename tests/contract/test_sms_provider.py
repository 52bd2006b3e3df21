"""Twilio's documented errors and what each means for the next message; India's registered wordings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from niyat.notifications.adapters.twilio import TwilioSmsProvider, why_gone
from niyat.notifications.adapters.twilio_callbacks import TwilioCallbacks
from niyat.notifications.domain import SuppressionCause
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.ports import Text
from niyat.notifications.providers import DltSettings
from tests.support.channels import TextRig
from tests.support.sandbox import Kind, Sandbox


@pytest.fixture
async def rig(sandbox: Sandbox) -> AsyncIterator[TextRig]:
    made = await TextRig(sandbox).open()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("to", "outcome", "code"),
    [
        ("+15005550001", AddressGone, "twilio-21211"),
        ("+15005550002", DeliveryRefused, "twilio-21612"),
        ("+15005550003", DeliveryRefused, "twilio-21408"),
        ("+15005550004", AddressGone, "twilio-21610"),
        ("+15005550009", AddressGone, "twilio-21614"),
    ],
)
async def test_each_documented_error_has_its_consequence(
    rig: TextRig, to: str, outcome: type[DeliveryRefused], code: str
) -> None:
    with pytest.raises(outcome) as refused:
        await rig.send(to, "See you")
    assert (type(refused.value), refused.value.error_code) == (outcome, code)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (21610, SuppressionCause.OPTED_OUT),
        (30003, None),
        (30005, SuppressionCause.NOT_REACHABLE),
        (30006, SuppressionCause.NOT_REACHABLE),
        (30007, None),
        (30008, None),
    ],
)
def test_only_what_holds_for_ever_ends_messages_to_a_number(
    code: int, cause: SuppressionCause | None
) -> None:
    assert why_gone(code) == cause


@pytest.mark.failure_row(38)
@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("http-429", DeliveryPostponed),
        ("http-500-json", DeliveryUnknown),
        ("http-502-html", DeliveryUnknown),
        ("reset", DeliveryUnknown),
    ],
)
async def test_what_is_not_known_is_never_taken_for_a_refusal(
    rig: TextRig, kind: Kind, outcome: type[Exception]
) -> None:
    await rig.sandbox.add_fault(rig.account, "messages.create", kind)
    with pytest.raises(outcome):
        await rig.send(rig.address(), "See you")


async def test_silence_ends_with_the_time_out(rig: TextRig) -> None:
    await rig.sandbox.add_fault(rig.account, "messages.create", "timeout-after", seconds=60)
    provider = TwilioSmsProvider(replace(rig.settings, timeout_seconds=0.5))
    address = rig.address()
    with pytest.raises(DeliveryUnknown):
        await provider.send(Text(to=address, text="See you", maybe_sent_since=None))
    await provider.close()
    assert await rig.arrived(address) == ["See you"]


async def test_in_india_registered_wordings_alone_are_sent_under_the_registered_name(rig: TextRig) -> None:
    registered = {"header": "NIYATC", "templates": ["Your visit is at {#var#}."]}
    await rig.sandbox.behave_phone(rig.account, dlt=registered)
    dlt = DltSettings(
        entity_id="1101000000000000001", header="NIYATC", templates={"APPOINTMENT_CONFIRMED.en": "1107000"}
    )
    provider = TwilioSmsProvider(replace(rig.settings, dlt=dlt))
    indian, foreign = rig.address(), f"+4477{rig.address()[-8:]}"
    known = Text(
        to=indian,
        text="Your visit is at 10:30.",
        maybe_sent_since=None,
        template="APPOINTMENT_CONFIRMED.en",
    )
    await provider.send(known)
    (arrived,) = await rig.sandbox.texts(indian)
    assert (arrived["from"], arrived["status"]) == ("NIYATC", "delivered")
    with pytest.raises(DeliveryRefused) as refused:
        await provider.send(replace(known, template="APPOINTMENT_CANCELLED.en"))
    assert refused.value.error_code == "dlt-template-missing"
    await provider.send(replace(known, to=foreign, template="APPOINTMENT_CANCELLED.en"))
    (abroad,) = await rig.sandbox.texts(foreign)
    assert abroad["from"] == "+15005550006"
    await provider.close()


async def test_what_was_never_registered_is_dropped_in_india_without_a_word(rig: TextRig) -> None:
    await rig.sandbox.behave_phone(
        rig.account, dlt={"header": "NIYATC", "templates": ["Your visit is at {#var#}."]}
    )
    address = rig.address()
    await rig.send(address, "Something else")
    (text,) = await rig.sandbox.texts(address)
    assert (text["status"], text["error_code"]) == ("undelivered", 30007)


def test_a_signature_is_checked_as_twilio_documents_it() -> None:
    """The vendor's own example, which shares no code with our sandbox."""
    callbacks = TwilioCallbacks(SecretStr("12345"), "https://mycompany.com/myapp.php?foo=1&bar=2")
    fields = {
        "CallSid": ["CA1234567890ABCDE"],
        "Digits": ["1234"],
        "From": ["+14158675309"],
        "To": ["+18005551212"],
        "Caller": ["+14158675309"],
    }
    assert callbacks.genuine(fields, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert not callbacks.genuine(fields | {"Digits": ["1235"]}, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


async def test_what_is_known_not_to_have_arrived_is_not_taken_as_sent(rig: TextRig) -> None:
    phone_that_is_off = "+15005530003"
    before = len(await rig.arrived(phone_that_is_off))
    first = await rig.send(phone_that_is_off, "See you")
    again = await rig.send(phone_that_is_off, "See you", again=True)
    assert first.provider_message_id != again.provider_message_id
    assert len(await rig.arrived(phone_that_is_off)) == before + 2
