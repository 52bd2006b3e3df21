"""When webhooks stop, nothing is lost, and staff are told; quiet hours alarm nobody."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from niyat.payments.commands.notice_silence import notice_silence
from tests.support.payments_world import EITHER_CAPTURE, World

pytestmark = EITHER_CAPTURE


async def told_to_staff(world: World) -> int:
    with capture_logs() as lines:
        unheard = await notice_silence(world.parts)
    assert len([line for line in lines if line["log_level"] == "error"]) == (1 if unheard else 0)
    return unheard


@pytest.mark.failure_row(37)
async def test_captures_that_no_webhook_told_of_are_told_to_staff_until_one_comes(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"])  # the webhook is disabled, and the tab is closed
    await world.move(minutes=4, seconds=50)
    await world.settle()
    assert visit.status == "confirmed"  # asking made up for it
    assert await told_to_staff(world) == 0  # a webhook may still be on its way
    await world.move(minutes=61)
    assert await told_to_staff(world) == 1
    await world.deliver((await world.webhooks())[0])
    assert await told_to_staff(world) == 0


async def test_where_nobody_pays_silence_is_no_alarm(world: World) -> None:
    await world.initiate(world.visit())
    await world.receive(world.visit())  # the desk's money has no webhooks
    await world.settle()
    await world.move(hours=12)
    assert await told_to_staff(world) == 0
