"""One suite for every provider of messages, each over its stand-in: what delivery relies on, whatever the channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from tests.support.channels import MailRig, PushRig, Rig, TextRig
from tests.support.sandbox import Sandbox


@pytest.fixture(params=["email", "sms", "push"])
async def rig(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Rig]:
    made: Rig
    match request.param:
        case "email":
            made = MailRig(sandbox)
        case "sms":
            made = await TextRig(sandbox).open()
        case _:
            made = await PushRig(sandbox).open()
    yield made
    await made.close()


async def test_a_message_arrives_and_its_receipt_names_who_took_it(rig: Rig) -> None:
    address = rig.address()
    receipt = await rig.send(address, "See you at 10:30 ₹500")
    assert await rig.arrived(address) == ["See you at 10:30 ₹500"]
    assert receipt.provider in {"smtp", "twilio", "fcm"}
    assert receipt.provider_message_id


async def test_many_messages_at_once_all_arrive(rig: Rig) -> None:
    addresses = [rig.address() for _ in range(12)]
    await asyncio.gather(*(rig.send(address, f"for {address}") for address in addresses))
    assert [await rig.arrived(address) for address in addresses] == [[f"for {a}"] for a in addresses]


async def test_an_address_that_is_gone_is_told_from_a_message_that_is_refused(rig: Rig) -> None:
    with pytest.raises(AddressGone) as gone:
        await rig.send(rig.address(rig.gone), "See you")
    assert gone.value.error_code
    with pytest.raises(DeliveryRefused) as refused:
        await rig.send(rig.address(rig.unwilling) if rig.unwilling else "", "See you")
    assert not isinstance(refused.value, AddressGone)


async def test_what_is_not_taken_now_is_taken_later(rig: Rig) -> None:
    address = rig.address()
    await rig.busy(address)
    with pytest.raises(DeliveryPostponed):
        await rig.send(address, "See you")
    assert await rig.arrived(address) == []
    await rig.send(address, "See you")
    assert await rig.arrived(address) == ["See you"]


@pytest.mark.failure_row(33)
async def test_after_a_lost_answer_the_next_try_reaches_the_person_once(rig: Rig) -> None:
    address = rig.address()
    await rig.lose_answer(address)
    with pytest.raises(DeliveryUnknown):
        await rig.send(address, "See you")
    await rig.send(address, "See you", again=True)
    assert await rig.arrived(address) == ["See you"]


async def test_no_error_holds_the_address(rig: Rig) -> None:
    """They are logged."""
    for kind in (rig.gone, rig.unwilling):
        address = rig.address(kind) if kind else ""
        with pytest.raises(DeliveryRefused) as refused:
            await rig.send(address, "See you")
        assert not address or address not in f"{refused.value!r} {refused.value.error_code}"
