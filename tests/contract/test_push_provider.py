"""Firebase's real SDK and each documented error of FCM, with what it means for the device."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from niyat.notifications.adapters.fcm import FcmPushProvider
from niyat.notifications.errors import AddressGone, DeliveryPostponed, DeliveryRefused, DeliveryUnknown
from niyat.notifications.providers import FcmSettings
from tests.support.channels import PushRig
from tests.support.sandbox import Kind, Sandbox


@pytest.fixture
async def rig(sandbox: Sandbox) -> AsyncIterator[PushRig]:
    made = await PushRig(sandbox).open()
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("fate", "outcome", "code"),
    [
        ("unregistered", AddressGone, "fcm-UNREGISTERED"),
        ("mismatch", AddressGone, "fcm-SENDER_ID_MISMATCH"),
        ("invalid", AddressGone, "fcm-INVALID_ARGUMENT"),
        ("quota", DeliveryPostponed, "fcm-QUOTA_EXCEEDED"),
        ("apns", DeliveryPostponed, "fcm-THIRD_PARTY_AUTH_ERROR"),
        ("unavailable", DeliveryPostponed, "fcm-UNAVAILABLE"),
        ("internal", DeliveryUnknown, "fcm-INTERNAL"),
    ],
)
async def test_each_documented_error_has_its_consequence(
    rig: PushRig, fate: str, outcome: type[Exception], code: str
) -> None:
    with pytest.raises(outcome) as failed:
        await rig.send(rig.address(f"{fate}-"), "See you")
    assert type(failed.value) is outcome
    assert failed.value.error_code == code  # type: ignore[attr-defined]


@pytest.mark.parametrize("fate", ["quota", "unavailable"])
async def test_how_long_to_wait_is_what_fcm_says(rig: PushRig, fate: str) -> None:
    with pytest.raises(DeliveryPostponed) as postponed:
        await rig.send(rig.address(f"{fate}-"), "See you")
    assert postponed.value.retry_after == timedelta(seconds=30)


async def test_a_message_that_is_wrong_is_no_reason_to_forget_the_device(rig: PushRig) -> None:
    wrong = replace(rig.push(rig.address(), "See you"), data={"much": "x" * 5000})
    with pytest.raises(DeliveryRefused) as refused:
        await rig.provider.send(wrong)
    assert type(refused.value) is DeliveryRefused


async def test_a_device_whose_app_was_removed_is_gone_from_then_on(rig: PushRig) -> None:
    device = rig.address()
    await rig.send(device, "See you")
    await rig.sandbox.decide_device(device, "unregistered")
    with pytest.raises(AddressGone):
        await rig.send(device, "See you again")


@pytest.mark.failure_row(38)
@pytest.mark.parametrize("kind", ["lose-request", "reset", "http-502-html", "http-500-json"])
async def test_what_is_not_known_is_tried_once_and_never_taken_for_a_refusal(
    rig: PushRig, kind: Kind
) -> None:
    """The SDK's own retries are off: the second call here would meet no fault and succeed."""
    await rig.sandbox.add_fault(rig.project, "messages.send", kind)
    with pytest.raises(DeliveryUnknown):
        await rig.send(rig.address(), "See you")


async def test_silence_ends_with_the_time_out(rig: PushRig) -> None:
    await rig.sandbox.add_fault(rig.project, "messages.send", "timeout-after", seconds=60)
    provider = FcmPushProvider(
        FcmSettings(
            service_account=SecretStr(rig.project.service_account),
            base_url=rig.project.url,
            timeout_seconds=0.5,
        )
    )
    device = rig.address()
    with pytest.raises(DeliveryUnknown):
        await provider.send(rig.push(device, "See you"))
    await provider.close()
    assert await rig.arrived(device) == ["See you"]


async def test_without_access_nothing_is_sent_and_staff_can_mend_it(sandbox: Sandbox, rig: PushRig) -> None:
    other = await sandbox.register_push()
    stolen = rig.project.service_account.replace(rig.project.project_id, other.project_id + "-not")
    provider = FcmPushProvider(
        FcmSettings(service_account=SecretStr(stolen), base_url=rig.project.url, timeout_seconds=3)
    )
    with pytest.raises(DeliveryPostponed) as postponed:
        await provider.send(rig.push(rig.address(), "See you"))
    await provider.close()
    assert postponed.value.error_code == "fcm-RefreshError"
