"""RazorpayX: payouts to doctors' fund accounts. https://razorpay.com/docs/api/x

The official SDK has no class for payouts, so this speaks HTTP itself. Only a 400 with BAD_REQUEST_ERROR is a refusal.
Everything else is Unknown: a 409 says that an earlier call with the same key is still open, a 429 or 5xx nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import httpx

from niyat.kernel.log import get_logger
from niyat.payments.adapters.breaker import CircuitBreaker, Silence, silent
from niyat.payments.adapters.razorpay_entities import NotAnEntity, each, payout
from niyat.payments.payouts import AccountType, FundAccount, PayoutFact, PayoutRequest
from niyat.payments.ports import Answer, Refused, Unknown
from niyat.payments.settings import PaymentsSettings

log = get_logger(__name__)

T = TypeVar("T")

NARRATION = "Consultation fees"
"""On the doctor's bank statement: at most 30 letters, digits and blanks."""


class RazorpayX:
    """The `PayoutGateway` port over RazorpayX."""

    def __init__(self, settings: PaymentsSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.breaker = CircuitBreaker("razorpayx", monotonic)
        self._longest_seconds = 1.5 * settings.gateway_timeout_seconds
        self._http = httpx.AsyncClient(
            base_url=f"{settings.razorpay_base_url}/v1",
            auth=(settings.razorpay_key_id, settings.razorpay_key_secret.get_secret_value()),
            timeout=settings.gateway_timeout_seconds,
        )

    async def send(self, payout_request: PayoutRequest) -> Answer[PayoutFact]:
        # The same key and the same body every time: another body under a known key is refused.
        body = {
            "account_number": payout_request.account_number,
            "fund_account_id": payout_request.fund_account_id,
            "amount": payout_request.amount,
            "currency": payout_request.currency,
            "mode": payout_request.mode.value,
            "purpose": "payout",
            "queue_if_low_balance": True,
            "reference_id": str(payout_request.payout_id),
            "narration": NARRATION,
        }
        key = {"X-Payout-Idempotency": str(payout_request.payout_id)}
        return await self._call("POST", "/payouts", payout, json=body, headers=key)

    async def fetch_payout(self, gateway_payout_id: str) -> Answer[PayoutFact]:
        return await self._call("GET", f"/payouts/{gateway_payout_id}", payout)

    async def payouts_of(self, payout_id: UUID, account_number: str) -> Answer[Sequence[PayoutFact]]:
        query = {"account_number": account_number, "reference_id": str(payout_id)}
        return await self._call("GET", "/payouts", each(payout), params=query)

    async def fund_account(self, fund_account_id: str) -> Answer[FundAccount]:
        return await self._call("GET", f"/fund_accounts/{fund_account_id}", _fund_account)

    async def close(self) -> None:
        await self._http.aclose()

    async def _call(self, method: str, path: str, read: Callable[[Any], T], **what: Any) -> Answer[T]:
        return await self.breaker.guard(lambda: self._ask(method, path, read, **what))

    async def _ask(self, method: str, path: str, read: Callable[[Any], T], **what: Any) -> Answer[T]:
        try:
            # httpx's timeout is per read; a body that dribbles would outlive it.
            async with asyncio.timeout(self._longest_seconds):
                response = await self._http.request(method, path, **what)
        except (httpx.HTTPError, TimeoutError) as error:
            return _unclear(None, type(error).__name__)
        try:
            if response.status_code == httpx.codes.BAD_REQUEST:
                return _refusal(response)
            if not response.is_success:
                return _unclear(response, "refused")
            return read(response.json())
        except ValueError as error:  # no JSON, or of another shape
            return _unclear(response, type(error).__name__)


def _refusal(response: httpx.Response) -> Refused | Unknown:
    said = response.json()
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict) or error.get("code") != "BAD_REQUEST_ERROR":
        return _unclear(response, "refused")
    return Refused(
        str(error["code"]), str(error.get("reason") or "unknown"), str(error.get("description") or "")
    )


def _unclear(response: httpx.Response | None, why: str) -> Unknown:
    status = response.status_code if response is not None else None
    log.warning("the payout gateway gave no clear answer", status=status, why=why)
    answer = Silence if response is None or silent(response.status_code, response.content) else Unknown
    return answer(f"{why} {status or 'no answer'}")


def _fund_account(json: Any) -> FundAccount:
    try:
        return FundAccount(str(json["id"]), AccountType(json["account_type"]), json["active"] is True)
    except (KeyError, TypeError) as error:
        raise NotAnEntity("no fund account") from error
