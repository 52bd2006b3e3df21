"""A gateway that does not answer is left alone for a while, then tried by one call: seen from the sandbox's side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from niyat.payments.adapters.breaker import IN_A_ROW
from niyat.payments.adapters.razorpay_gateway import RazorpayGateway
from niyat.payments.adapters.razorpayx import RazorpayX
from niyat.payments.ports import Breaker, Refused, Unknown
from niyat.payments.settings import PaymentsSettings
from tests.support.payments_world import Elapsed
from tests.support.sandbox import Account, Kind, Sandbox

MANY = 100
PAYMENT, PAYOUT = "pay_00000000000000", "pout_00000000000000"


@dataclass
class Rig:
    """A gateway with a question that it refuses to answer, so that nothing needs to exist there."""

    sandbox: Sandbox
    account: Account
    elapsed: Elapsed
    breaker: Breaker
    ask: Callable[[], Awaitable[object]]

    async def fails(self, kind: Kind, times: int = MANY, **more: float) -> None:
        await self.sandbox.add_fault(self.account, "*", kind, times=times, **more)  # type: ignore[arg-type]

    async def made(self) -> int:
        """How many calls reached it since all were to fail."""
        return MANY - await self.sandbox.faults_left(self.account)

    def rest(self) -> None:
        """Until it may be tried."""
        self.elapsed.seconds += self.breaker.rest_seconds


def known(account: Account, sandbox: Sandbox, timeout_seconds: float) -> PaymentsSettings:
    return PaymentsSettings(
        razorpay_key_id=account.key_id,
        razorpay_key_secret=account.key_secret,
        razorpay_webhook_secret=account.webhook_secret,
        razorpay_base_url=sandbox.razorpay_url,
        gateway_timeout_seconds=timeout_seconds,
    )


@pytest.fixture(params=["payments", "payouts"])
async def rig(request: pytest.FixtureRequest, sandbox: Sandbox) -> AsyncIterator[Rig]:
    account, elapsed = await sandbox.register_account(), Elapsed()
    settings = known(account, sandbox, timeout_seconds=10)
    payments, payouts = RazorpayGateway(settings, elapsed), RazorpayX(settings, elapsed)
    if request.param == "payments":
        yield Rig(sandbox, account, elapsed, payments.breaker, lambda: payments.fetch_payment(PAYMENT))
    else:
        yield Rig(sandbox, account, elapsed, payouts.breaker, lambda: payouts.fetch_payout(PAYOUT))
    await payments.close()
    await payouts.close()


@pytest.mark.failure_row(38)
@pytest.mark.parametrize("kind", ["http-500-json", "http-502-html", "http-429", "reset", "lose-request"])
async def test_after_some_silence_nothing_is_sent_until_one_call_tries_and_an_answer_ends_it(
    rig: Rig, kind: Kind
) -> None:
    await rig.fails(kind)
    for made in range(1, IN_A_ROW + 1):
        assert isinstance(await rig.ask(), Unknown)
        assert await rig.made() == made
    assert [type(await rig.ask()) for _ in range(3)] == [Unknown] * 3
    assert await rig.made() == IN_A_ROW
    rig.rest()
    assert isinstance(await rig.ask(), Unknown)
    assert isinstance(await rig.ask(), Unknown)
    assert await rig.made() == IN_A_ROW + 1
    await rig.sandbox.clear_faults(rig.account)
    assert isinstance(await rig.ask(), Unknown)
    rig.rest()
    assert isinstance(await rig.ask(), Refused)
    assert (rig.breaker.rest_seconds, rig.breaker.at_once(20)) == (0, 20)


@pytest.mark.failure_row(38)
async def test_of_all_who_come_back_at_once_one_reaches_it_until_it_answers(rig: Rig) -> None:
    await rig.fails("http-500-json")
    for _ in range(IN_A_ROW):
        await rig.ask()
    rig.rest()
    answers = await asyncio.gather(*(rig.ask() for _ in range(20)))
    assert all(isinstance(answer, Unknown) for answer in answers)
    assert await rig.made() == IN_A_ROW + 1


async def test_a_refusal_is_an_answer(rig: Rig) -> None:
    for _ in range(2):
        await rig.fails("http-502-html", times=IN_A_ROW - 1)
        for _ in range(IN_A_ROW - 1):
            assert isinstance(await rig.ask(), Unknown)
        assert isinstance(await rig.ask(), Refused)
    for _ in range(IN_A_ROW):
        assert isinstance(await rig.ask(), Refused)
    assert rig.breaker.rest_seconds == 0


async def test_calls_that_time_out_count(sandbox: Sandbox) -> None:
    account = await sandbox.register_account()
    await sandbox.add_fault(account, "*", "timeout-before", times=MANY, seconds=30)
    settings = known(account, sandbox, timeout_seconds=0.05)
    payments, payouts = RazorpayGateway(settings, Elapsed()), RazorpayX(settings, Elapsed())
    for _ in range(IN_A_ROW):
        await payments.fetch_payment(PAYMENT)
        await payouts.fetch_payout(PAYOUT)
    assert payments.breaker.rest_seconds > 0
    assert payouts.breaker.rest_seconds > 0
    await payments.close()
    await payouts.close()
