"""The audit sees when what is promised about channels was broken."""

from __future__ import annotations

from uuid import uuid4

import asyncpg

from tests.support.notifications import World, paid


async def found(world: World, name: str, *broken: str) -> bool:
    """Whether the check finds something after these statements."""
    owner = await asyncpg.connect(world.databases.owner_url("notifications"))
    try:
        await owner.execute("; ".join(broken))
    finally:
        await owner.close()
    return name in await world.broken_promises()


async def told(world: World) -> str:
    visit = await world.visit()
    await world.events(paid(visit))
    await world.deliver()
    (row,) = await world.queue(visit)
    assert row["status"] == "sent"
    return str(row["id"])


async def test_an_address_that_was_lifted_without_a_reason(world: World) -> None:
    assert await found(
        world,
        "lifted-with-a-reason",
        f"""INSERT INTO suppressed_addresses
                (id, channel, address_hash, address_masked, cause, error_code, lifted_at, lifted_by)
            VALUES ('{uuid4()}', 'EMAIL', sha256('x'), 'a', 'hard-bounce', 'x', niyat_now(), '{uuid4()}')""",
    )
    assert not await found(world, "lifted-with-a-reason", "DELETE FROM suppressed_addresses")


async def test_a_word_of_a_provider_that_nobody_acted_on(world: World) -> None:
    notification_id = await told(world)
    assert await found(
        world,
        "reports-applied",
        f"""INSERT INTO provider_reports (provider, notification_id, outcome)
            VALUES ('smtp', '{notification_id}', 'delivered')""",
    )
    assert not await found(world, "reports-applied", "DELETE FROM provider_reports")


async def test_what_was_sent_twice_with_no_failure_in_between(world: World) -> None:
    notification_id = await told(world)
    await world.db.execute(
        """INSERT INTO notification_logs (notification_id, status, channel, tries)
           VALUES ($1, 'failed', 'EMAIL', 1), ($1, 'sent', 'EMAIL', 2)""",
        notification_id,
    )
    assert "sent-once" not in await world.broken_promises()
    await world.db.execute(
        "INSERT INTO notification_logs (notification_id, status, channel, tries) VALUES ($1, 'sent', 'EMAIL', 3)",
        notification_id,
    )
    assert "sent-once" in await world.broken_promises()
    owner = await asyncpg.connect(world.databases.owner_url("notifications"))
    await owner.execute("ALTER TABLE notification_logs DISABLE TRIGGER USER")
    await owner.execute("DELETE FROM notification_logs WHERE tries > 1 OR status = 'failed'")
    await owner.execute("ALTER TABLE notification_logs ENABLE TRIGGER USER")
    await owner.close()
