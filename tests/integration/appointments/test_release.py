"""A wish to secure and a release that overtake each other: the number decides."""

from __future__ import annotations

from niyat.kernel.ids import new_id
from tests.integration.appointments.test_payment_events import released
from tests.integration.appointments.world import World


async def test_a_wish_that_was_overtaken_by_its_release_is_refused(world: World) -> None:
    payment = new_id()
    _, held = await world.started()
    await world.hear(await released(world, held, payment))
    assert await world.secure(held, payment, securing=1) == "busy"
    assert (await world.get(held))["secured"] is False
    assert await world.secure(held, new_id(), securing=2) == "secured"


async def test_a_late_release_leaves_a_newer_wish_of_the_same_payment_alone(world: World) -> None:
    payment = new_id()
    _, held = await world.secured(payment)
    late = await released(world, held, payment)
    assert await world.secure(held, payment, securing=2) == "secured"
    await world.hear(late)
    assert (await world.get(held))["secured"] is True
