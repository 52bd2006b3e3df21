"""Where money and time meet: the outcome of the protocol, by our books and by the gateway's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.payments_appointments import PRICE
from tests.support.payments_world import EITHER_CAPTURE, World
from tests.support.sandbox import Json

pytestmark = EITHER_CAPTURE


async def books_say(world: World, *, captured: int, refunded: int) -> None:
    books = await world.sandbox.books(world.account)
    assert (books.captured, books.refunded) == (captured, refunded)


def manual(world: World) -> bool:
    return world.parts.settings.capture.value == "manual"


@pytest.mark.failure_row(4)
async def test_a_callback_without_webhook_confirms(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    answer = await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    assert (answer.status_code, answer.json()["outcome"]) == (200, "captured")
    await world.settle()
    assert visit.status == "confirmed"
    assert (await world.payment(begun["payment_id"]))["outcome"] == "confirmed"
    assert world.told().count("PAYMENT_COMPLETED") == 1
    await books_say(world, captured=PRICE, refunded=0)


async def test_a_webhook_without_callback_confirms(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"])
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"
    await books_say(world, captured=PRICE, refunded=0)


@pytest.mark.failure_row(5)
async def test_neither_callback_nor_webhook_is_found_by_the_poll_around_the_holds_end(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"])
    await world.settle()
    assert visit.status == "pending-payment"
    await world.move(minutes=4, seconds=50)
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.failure_row(3, 6)
async def test_the_webhook_first_and_everything_twice_confirms_once(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    for _ in range(2):
        await world.deliver_all()
        await world.settle()
        assert (await world.verify(visit, paid)).status_code == 200
    await world.settle()
    told = world.told()
    assert (visit.status, told.count("PAYMENT_COMPLETED"), told.count("PAYMENT_AUTHORIZED")) in (
        ("confirmed", 1, 1),
        ("confirmed", 1, 0),
    )
    assert (await world.sandbox.books(world.account)).count("payment.captured") == 1


@pytest.mark.failure_row(18)
async def test_two_payments_for_one_booking_keep_the_first_and_give_the_other_back(world: World) -> None:
    visit = world.visit()
    first = await world.initiate(visit)
    await world.db.execute("UPDATE payment_transactions SET open = false")
    second = await world.initiate(visit)
    assert second["order_id"] != first["order_id"]
    assert (await world.verify(visit, await world.sandbox.pay(first["order_id"]))).status_code == 200
    await world.sandbox.pay(second["order_id"])
    await world.deliver_all()
    await world.settle()
    assert (visit.status, str(visit.secured_by)) == ("confirmed", first["payment_id"])
    if manual(world):
        await books_say(world, captured=PRICE, refunded=0)
    else:
        await books_say(world, captured=2 * PRICE, refunded=PRICE)


@pytest.mark.failure_row(18)
async def test_a_second_captured_attempt_of_one_order_goes_back(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    await world.sandbox.pay(begun["order_id"], outcome="captured", force=True)
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"
    assert (await world.payment(begun["payment_id"]))["status"] == "captured"
    await books_say(world, captured=2 * PRICE, refunded=PRICE)


@pytest.mark.failure_row(1)
async def test_money_after_expiry_takes_the_free_slot_again(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.expire(visit, slot_free=True)
    await world.sandbox.pay(begun["order_id"])
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"
    await books_say(world, captured=PRICE, refunded=0)


@pytest.mark.failure_row(2)
async def test_money_after_expiry_of_a_slot_that_is_gone_is_not_kept(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.expire(visit, slot_free=False)
    paid = await world.sandbox.pay(begun["order_id"])
    answer = await world.verify(visit, paid)
    assert answer.json()["outcome"] == ("not-charged" if manual(world) else "refunding")
    await world.deliver_all()
    await world.settle()
    assert visit.status == "expired"
    await books_say(world, captured=0 if manual(world) else PRICE, refunded=0 if manual(world) else PRICE)
    assert "PAYMENT_COMPLETED" not in world.told()


async def test_an_authorization_that_lapsed_is_followed_until_the_gateway_releases_it(world: World) -> None:
    if not manual(world):
        pytest.skip("an automatic capture leaves nothing to release")
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.expire(visit, slot_free=False)
    paid = await world.sandbox.pay(begun["order_id"])
    await world.verify(visit, paid)
    await world.sandbox.auto_refund(paid["razorpay_payment_id"])
    await world.move(minutes=10)
    await world.settle()
    shown = await world.payment(begun["payment_id"])
    assert [attempt["step"] for attempt in shown["attempts"]] == ["released"]
    assert (shown["status"], shown["outcome"]) == ("failed", "not-charged")
    assert world.told().count("PAYMENT_RELEASED") == 1


@pytest.mark.failure_row(42)
async def test_a_cancellation_before_the_money_wins(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    paid = await world.sandbox.pay(begun["order_id"])
    await world.cancel(visit)
    await world.verify(visit, paid)
    await world.settle()
    assert visit.status == "cancelled"
    await books_say(world, captured=0 if manual(world) else PRICE, refunded=0 if manual(world) else PRICE)


@pytest.mark.failure_row(42)
async def test_a_cancellation_while_the_capture_is_unknown_gives_the_money_back(world: World) -> None:
    """◆ Captured after the case was closed: refunded."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.add_fault(world.account, "payments.capture", "lose-answer")
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.cancel(visit)
    await world.move(minutes=1)
    await world.settle()
    assert visit.status == "cancelled"
    await books_say(world, captured=PRICE, refunded=PRICE)


async def test_a_cancellation_between_intent_and_capture_does_not_capture(world: World) -> None:
    """◆ If the case is closed, it does not capture."""
    if not manual(world):
        pytest.skip("an automatic capture is not ours to make")
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.add_fault(world.account, "payments.capture", "lose-request")
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.cancel(visit)
    await world.move(minutes=1)
    await world.settle()
    await books_say(world, captured=0, refunded=0)
    shown = await world.payment(begun["payment_id"])
    assert [attempt["step"] for attempt in shown["attempts"]] == ["lapsing"]


async def test_a_cancellation_after_confirmation_gives_back_what_is_owed(world: World) -> None:
    """◆ Captured before the case was closed: what is owed is refunded."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    await world.cancel(visit, owed_back=PRICE // 2)
    await world.settle()
    await books_say(world, captured=PRICE, refunded=PRICE // 2)
    assert (await world.payment(begun["payment_id"]))["status"] == "partially-refunded"
    assert world.told()[-2:] == ["REFUND_INITIATED", "REFUND_COMPLETED"]


@pytest.mark.parametrize("kind", ["lose-answer", "lose-request", "http-502-html", "http-429", "reset"])
@pytest.mark.failure_row(20, 38)
async def test_a_capture_whose_outcome_is_unknown_is_asked_about_until_it_is_known(
    world: World, kind: Any
) -> None:
    """◆ Outcome unknown: ask until known; the appointment stays secured."""
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.add_fault(world.account, "payments.capture", kind)
    answer = await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    if manual(world):
        assert (answer.status_code, answer.json()["outcome"]) == (202, "processing")
        assert str(visit.secured_by) == begun["payment_id"]
    await world.move(minutes=1)
    await world.settle()
    assert visit.status == "confirmed"
    assert (await world.sandbox.books(world.account)).count("payment.captured") == 1


async def test_a_capture_refused_for_good_releases_the_slot(world: World) -> None:
    if not manual(world):
        pytest.skip("an automatic capture is not ours to make")
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.add_fault(
        world.account, "payments.capture", "http-400", description="Capture is not allowed"
    )
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    await world.settle()
    assert visit.secured_by is None
    assert "PAYMENT_RELEASED" in world.told()
    await books_say(world, captured=0, refunded=0)


@pytest.mark.failure_row(11)
async def test_another_amount_than_quoted_is_never_confirmed(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    visit.amount = PRICE + 100
    paid = await world.sandbox.pay(begun["order_id"])
    answer = await world.verify(visit, paid)
    await world.settle()
    assert visit.status == "pending-payment"
    assert answer.json()["outcome"] == ("set-aside" if manual(world) else "refunding")
    await books_say(world, captured=0 if manual(world) else PRICE, refunded=0 if manual(world) else PRICE)


async def test_a_failed_attempt_releases_nothing_and_a_later_one_confirms(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    await world.deliver_all()
    await world.settle()
    assert (visit.status, world.told()[-1]) == ("pending-payment", "PAYMENT_FAILED")
    assert (await world.initiate(visit))["order_id"] == begun["order_id"]
    await world.sandbox.pay(begun["order_id"])
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"


@pytest.mark.failure_row(10)
async def test_a_payment_that_failed_and_was_authorized_days_later_is_judged_by_the_slot(
    world: World,
) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.sandbox.pay(begun["order_id"], outcome="failed")
    await world.deliver_all()
    await world.expire(visit, slot_free=True)
    await world.settle()
    payment: Json = (await world.sandbox.books(world.account)).payments[0]
    await world.sandbox.authorize_late(payment["id"])
    await world.deliver_all()
    await world.settle()
    assert visit.status == "confirmed"


async def test_secure_whose_answer_is_lost_is_asked_again(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    world.appointments.silent, world.appointments.deaf = 1, 1
    answer = await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    assert answer.status_code == 202
    for _ in range(3):
        await world.move(minutes=1)
        await world.settle()
    assert visit.status == "confirmed"


async def test_captured_and_never_confirmed_is_swept(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    visit.status, visit.secured_by = "expired", None  # nobody will ever confirm it
    await world.move(minutes=3)
    await world.settle()
    assert visit.status == "expired"
    await books_say(world, captured=PRICE, refunded=PRICE)


async def test_captured_and_confirmed_unheard_is_swept_without_a_refund(world: World) -> None:
    visit = world.visit()
    begun = await world.initiate(visit)
    await world.verify(visit, await world.sandbox.pay(begun["order_id"]))
    world.seen = 10**9  # its events are lost to appointments
    await world.move(minutes=3)
    await world.settle()
    assert visit.status == "confirmed"
    await books_say(world, captured=PRICE, refunded=0)
