"""Razorpay through its official SDK (2.0.1), whose traps are fenced in here.

The SDK blocks, so calls run in a bounded pool of threads, each with a client of its own; it has no timeout, so
every call is given one; its exceptions keep only a sentence, so the session remembers the answer itself, and a
body that is not JSON makes it fail in odd ways; it prints. Its own retries stay off: they would repeat POSTs.
Only a 400 with BAD_REQUEST_ERROR is a refusal. Everything else is Unknown.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

import razorpay
import razorpay.client
import requests

from niyat.kernel.log import get_logger
from niyat.payments.adapters import razorpay_entities as entities
from niyat.payments.adapters import razorpay_records_entities
from niyat.payments.adapters.breaker import CircuitBreaker, Silence, silent
from niyat.payments.ports import Answer, AttemptFact, Order, RefundFact, Refused, Unknown, WebhookFacts
from niyat.payments.settings import Capture, PaymentsSettings

log = get_logger(__name__)

T = TypeVar("T")

razorpay.client.print = lambda *_: None  # the SDK prints connection errors on our standard output

AUTOMATIC_EXPIRY_MINUTES = 12  # the least that the vendor allows; it only matters with automatic capture


class _Remembering(requests.Session):
    """A session that keeps the last answer, because the SDK's exceptions lose status, code and reason."""

    last: requests.Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.last = None
        self.last = super().request(*args, **kwargs)
        return self.last


class RazorpayGateway:
    """The `PaymentGateway` port over Razorpay."""

    def __init__(self, settings: PaymentsSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.breaker = CircuitBreaker("razorpay", monotonic)
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.gateway_threads, thread_name_prefix="razorpay")
        self._own = threading.local()

    async def create_order(
        self, payment_id: UUID, amount: int, currency: str, notes: dict[str, str]
    ) -> Answer[Order]:
        automatic = self._settings.capture is Capture.AUTOMATIC
        window = self._settings.capture_window_minutes
        body = {
            "amount": amount,
            "currency": currency,
            "receipt": str(payment_id),
            "notes": notes,
            # Said with every order, because the dashboard's own setting would decide otherwise.
            "payment": {
                "capture": self._settings.capture.value,
                "capture_options": {
                    "automatic_expiry_period": window if automatic else AUTOMATIC_EXPIRY_MINUTES,
                    "manual_expiry_period": window,
                    "refund_speed": "normal",
                },
            },
        }
        return await self.call(lambda client, how: client.order.create(body, **how), entities.order)

    async def find_orders_by_receipt(self, payment_id: UUID) -> Answer[Sequence[Order]]:
        query = {"receipt": str(payment_id)}
        return await self.call(
            lambda client, how: client.order.all(query, **how), entities.each(entities.order)
        )

    async def order_payments(self, order_id: str) -> Answer[Sequence[AttemptFact]]:
        return await self.call(
            lambda client, how: client.order.payments(order_id, {}, **how), entities.each(entities.attempt)
        )

    async def fetch_payment(self, gateway_payment_id: str) -> Answer[AttemptFact]:
        return await self.call(
            lambda client, how: client.payment.fetch(gateway_payment_id, {}, **how), entities.attempt
        )

    async def capture(self, gateway_payment_id: str, amount: int, currency: str) -> Answer[AttemptFact]:
        # A dict of our own: the SDK's default one is shared and would keep the previous call's amount.
        body = {"currency": currency}
        return await self.call(
            lambda client, how: client.payment.capture(gateway_payment_id, amount, body, **how),
            entities.attempt,
        )

    async def refund(
        self, refund_id: UUID, gateway_payment_id: str, amount: int, *, instantly: bool = False
    ) -> Answer[RefundFact]:
        # The same key and the same body every time: the vendor answers another body under a known key with 409.
        noted = {"refund_id": str(refund_id)}
        speed = "optimum" if instantly else "normal"
        body = {"amount": amount, "speed": speed, "receipt": str(refund_id), "notes": noted}
        headers = {"X-Refund-Idempotency": str(refund_id)}
        return await self.call(
            lambda client, how: client.payment.refund(gateway_payment_id, body, **how, headers=headers),
            entities.refund,
        )

    async def fetch_refund(self, gateway_refund_id: str) -> Answer[RefundFact]:
        return await self.call(
            lambda client, how: client.refund.fetch(gateway_refund_id, {}, **how), entities.refund
        )

    async def refunds_of(self, gateway_payment_id: str) -> Answer[Sequence[RefundFact]]:
        query = {"count": 100}
        return await self.call(
            lambda client, how: client.payment.fetch_multiple_refund(gateway_payment_id, query, **how),
            entities.each(entities.refund),
        )

    def read_webhook(self, envelope: dict[str, Any]) -> WebhookFacts:
        return razorpay_records_entities.webhook(envelope)

    async def close(self) -> None:
        """Let go of the threads; calls that are running are left to their timeouts."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(self, call: Callable[[Any, dict[str, Any]], Any], read: Callable[[Any], T]) -> Answer[T]:
        """`call(client, how)` in a thread of its own, its JSON read by `read`; not while the gateway is left alone."""
        return await self.breaker.guard(lambda: self._call(call, read))

    async def _call(self, call: Callable[[Any, dict[str, Any]], Any], read: Callable[[Any], T]) -> Answer[T]:
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._blocking, call, read)
        try:
            # The SDK's timeout is per read; a body that dribbles would outlive it.
            return await asyncio.wait_for(
                asyncio.shield(running), self._settings.gateway_timeout_seconds * 1.5
            )
        except TimeoutError:
            return Silence("no answer in time")

    def _blocking(self, call: Callable[[Any, dict[str, Any]], Any], read: Callable[[Any], T]) -> Answer[T]:
        client, session = self._client()
        try:
            return read(call(client, {"timeout": self._settings.gateway_timeout_seconds}))
        except requests.RequestException as error:  # also JSONDecodeError: an answer that is not JSON
            return _unclear(session.last, type(error).__name__)
        except (
            razorpay.errors.BadRequestError,
            razorpay.errors.GatewayError,
            razorpay.errors.ServerError,
        ):
            return _refusal(session.last)
        except (entities.NotAnEntity, AttributeError, KeyError, TypeError, ValueError) as error:
            # The SDK reads `error` without looking: a JSON answer of another shape ends in any of these.
            return _unclear(session.last, type(error).__name__)

    def _client(self) -> tuple[Any, _Remembering]:
        if not hasattr(self._own, "client"):
            self._own.session = _Remembering()
            self._own.client = razorpay.Client(
                session=self._own.session,
                auth=(self._settings.razorpay_key_id, self._settings.razorpay_key_secret.get_secret_value()),
                base_url=self._settings.razorpay_base_url,
            )
        return self._own.client, self._own.session


def _refusal(response: requests.Response | None) -> Refused | Unknown:
    if response is None or response.status_code != 400:
        return _unclear(response, "refused")
    error = response.json()["error"]
    if error.get("code") != "BAD_REQUEST_ERROR":
        return _unclear(response, str(error.get("code")))
    return Refused(
        str(error["code"]), str(error.get("reason") or "unknown"), str(error.get("description") or "")
    )


def _unclear(response: requests.Response | None, why: str) -> Unknown:
    status = response.status_code if response is not None else None
    log.warning("the gateway gave no clear answer", status=status, why=why)
    answer = Silence if response is None or silent(response.status_code, response.content) else Unknown
    return answer(f"{why} {status or 'no answer'}")
