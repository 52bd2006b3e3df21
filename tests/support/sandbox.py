"""The sandbox of a test run: its process, and every control of it as a typed method.

`Sandbox` belongs to one test; the process behind it is shared by many tests of a worker. Tests stay apart by
registering an account each (`register_account`) and by using addresses and numbers of their own. A clock is shared and
only moves forward, so there are two such processes: one whose clock must not be moved, and one for the tests that do.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Json = dict[str, Any]
Kind = Literal[
    "lose-request",
    "lose-answer",
    "timeout-before",
    "timeout-after",
    "late-effect",
    "reset",
    "slow",
    "http-400",
    "http-429",
    "http-500-json",
    "http-502-html",
]


@lru_cache(maxsize=1)
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_key() -> str:
    """Of every service account of this run."""
    return (
        _key()
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        .decode()
    )


def public_key() -> str:
    return (
        _key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


class SandboxProcess:
    """`python -m niyat.sandbox` on free ports; it ends with us, however we end."""

    def __init__(self, home: Path, *, clock_moves: bool = True) -> None:
        self.home = home
        self.clock_moves = clock_moves
        self.http_port = 0
        self.smtp_port = 0
        self._process = self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def kill(self) -> None:
        """SIGKILL; `restart` brings it back with the same books and ports."""
        self._process.kill()
        self._reap()

    def restart(self) -> None:
        self._process = self._start()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._reap()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "niyat.sandbox", "--home", str(self.home), "--die-with-parent"]
        command += ["--port", str(self.http_port), "--smtp-port", str(self.smtp_port)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        self.http_port, self.smtp_port = address["http"], address["smtp"]
        return process

    def _reap(self) -> None:
        self._process.wait(timeout=10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@dataclass(frozen=True)
class Account:
    """A merchant: `razorpay.Client(auth=account.auth, base_url=sandbox.razorpay_url)`."""

    key_id: str
    key_secret: str
    account_id: str
    webhook_url: str
    webhook_secret: str

    @property
    def auth(self) -> tuple[str, str]:
        return self.key_id, self.key_secret


@dataclass(frozen=True)
class DailyAccount:
    """A key of Daily.co's API; `url` is where the API is."""

    api_key: str
    url: str


@dataclass(frozen=True)
class PhoneAccount:
    sid: str
    auth_token: str


@dataclass(frozen=True)
class PushProject:
    """A Firebase project; `service_account` is the JSON of its key, `url` where the API is."""

    project_id: str
    service_account: str
    url: str


@dataclass(frozen=True)
class Statement:
    """What really happened, by the sandbox's own books. Amounts in minor units."""

    orders: list[Json]
    captured: int
    refunded: int
    """Of captured money; failed refunds do not count."""
    authorized: int
    """Held now, not captured."""
    released: int
    """Was authorized, went back uncaptured."""
    settled: int
    """Sent to the merchant's bank, net of fees, refunds and disputes."""
    deducted: int
    """Lost in disputes."""
    paid_out: int
    """Processed payouts."""
    disputes: list[Json]
    settlements: list[Json]
    payouts: list[Json]
    effects: list[Json]

    @property
    def payments(self) -> list[Json]:
        return [payment for order in self.orders for payment in order["payments"]]

    @property
    def refunds(self) -> list[Json]:
        return [refund for payment in self.payments for refund in payment["refunds"]]

    def count(self, effect: str) -> int:
        """How often an effect such as `refund.created` took place."""
        return sum(entry["effect"] == effect for entry in self.effects)


class Sandbox:
    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.http = httpx.AsyncClient(base_url=process.url, timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    @property
    def razorpay_url(self) -> str:
        """`base_url` of the vendor's SDK, which adds /v1 itself."""
        return f"{self.process.url}/razorpay"

    @property
    def twilio_url(self) -> str:
        """For `client.api.base_url`; the SDK adds /2010-04-01 itself."""
        return f"{self.process.url}/twilio"

    @property
    def smtp_address(self) -> tuple[str, int]:
        return "127.0.0.1", self.process.smtp_port

    # Accounts

    async def register_account(
        self,
        webhook_url: str = "",
        *,
        default_capture: Literal["automatic", "manual"] = "automatic",
        refund_mode: Literal["auto", "manual"] = "auto",
    ) -> Account:
        """A merchant of this test's own. `refund_mode` manual leaves refunds pending until decided."""
        account = await self._register(
            "rzp_test_" + secrets.token_hex(7), secrets.token_hex(12), webhook_url, secrets.token_hex(12)
        )
        await self._call(
            "PATCH",
            f"/control/accounts/{account.key_id}",
            {"default_capture": default_capture, "refund_mode": refund_mode},
        )
        return account

    async def rotate_webhook_secret(self, account: Account) -> Account:
        """Events that exist already stay signed with the previous secret."""
        return await self._register(
            account.key_id, account.key_secret, account.webhook_url, secrets.token_hex(12)
        )

    async def move_webhook(self, account: Account, webhook_url: str) -> Account:
        return await self._register(account.key_id, account.key_secret, webhook_url, account.webhook_secret)

    async def books(self, account: Account) -> Statement:
        shown = await self._call("GET", f"/control/accounts/{account.key_id}/books")
        totals = shown.pop("totals")
        del shown["account"]
        return Statement(**shown, **totals)

    async def behave(self, account: Account, **settings: object) -> None:
        """Change how the account's money behaves; the names are those of `Behaviour` in the sandbox's
        control: default_capture, refund_mode, instant_refunds, low_balance, settlement_days, payout_mode,
        payout_approval, payout_balance, payout_account_number.
        """
        await self._call("PATCH", f"/control/accounts/{account.key_id}", settings)

    # Money

    async def pay(
        self,
        order_id: str,
        *,
        outcome: Literal["authorized", "captured", "failed", "pending"] = "authorized",
        method: Literal["card", "upi", "netbanking", "wallet"] = "upi",
        **more: object,
    ) -> Json:
        """Be the patient at the checkout; what checkout.js would hand to the page.

        `more`: amount, currency, email, contact, description, notes, error, force, webhooks_first.
        """
        return await self._call(
            "POST", f"/control/orders/{order_id}/pay", {"outcome": outcome, "method": method, **more}
        )

    async def authorize_late(self, payment_id: str, *, force: bool = False) -> Json:
        """The bank says yes after all, to a pending or failed payment."""
        return await self._call("POST", f"/control/payments/{payment_id}/authorize", {"force": force})

    async def fail_payment(self, payment_id: str, **error: str) -> Json:
        return await self._call("POST", f"/control/payments/{payment_id}/fail", error)

    async def capture_in_dashboard(self, payment_id: str) -> Json:
        return await self._call("POST", f"/control/payments/{payment_id}/capture")

    async def refund_in_dashboard(self, payment_id: str, amount: int | None = None) -> Json:
        return await self._call("POST", f"/control/payments/{payment_id}/refund", {"amount": amount})

    async def auto_refund(self, payment_id: str) -> Json:
        """The capture window ends: the authorized money goes back."""
        return await self._call("POST", f"/control/payments/{payment_id}/auto-refund")

    async def process_refund(self, refund_id: str) -> Json:
        return await self._call("POST", f"/control/refunds/{refund_id}/process")

    async def fail_refund(self, refund_id: str) -> Json:
        """Also of a refund that was processed already."""
        return await self._call("POST", f"/control/refunds/{refund_id}/fail")

    async def slow_refund(self, refund_id: str) -> Json:
        """A pending instant refund goes on at the normal speed."""
        return await self._call("POST", f"/control/refunds/{refund_id}/slow-down")

    # Disputes, settlements, payouts, downtimes

    async def dispute(self, payment_id: str, **more: object) -> Json:
        """The patient's bank objects. `more`: amount, phase, reason_code, respond_seconds."""
        return await self._call("POST", f"/control/payments/{payment_id}/dispute", more)

    async def decide_dispute(
        self, dispute_id: str, verdict: Literal["won", "lost", "closed", "action-required"]
    ) -> Json:
        return await self._call("POST", f"/control/disputes/{dispute_id}/{verdict}")

    async def settle(
        self, account: Account, outcome: Literal["processed", "created", "failed"] = "processed"
    ) -> Json:
        """A settlement of everything that is not settled yet."""
        return await self._call("POST", f"/control/accounts/{account.key_id}/settle", {"outcome": outcome})

    async def decide_settlement(self, settlement_id: str, verdict: Literal["process", "fail"]) -> Json:
        return await self._call("POST", f"/control/settlements/{settlement_id}/{verdict}")

    async def spoil_report(
        self,
        settlement_id: str,
        flaw: Literal["missing", "doubled", "one-paisa-off", "unknown"],
        entity_id: str | None = None,
    ) -> Json:
        """Make one row of a processed settlement's report wrong; that row as it was (`unknown`: as it is)."""
        return await self._call(
            "POST", f"/control/settlements/{settlement_id}/spoil", {"flaw": flaw, "entity_id": entity_id}
        )

    async def decide_payout(
        self,
        payout_id: str,
        verdict: Literal["process", "fail", "reverse", "approve", "reject", "cancel"],
        **more: str,
    ) -> Json:
        """`more`: reason, description, source. `reverse` also of a processed payout."""
        return await self._call("POST", f"/control/payouts/{payout_id}/{verdict}", more)

    async def add_funds(self, account: Account, amount: int) -> int:
        """Into the business account that payouts are paid from; what is in it then."""
        shown = await self._call("POST", f"/control/accounts/{account.key_id}/funds", {"amount": amount})
        return int(shown["payout_balance"])

    async def start_downtime(self, account: Account, **more: object) -> Json:
        """`more`: method, severity, instrument."""
        return await self._call("POST", f"/control/accounts/{account.key_id}/downtimes", more)

    async def update_downtime(self, downtime_id: str, severity: Literal["low", "medium", "high"]) -> Json:
        return await self._call("POST", f"/control/downtimes/{downtime_id}/update", {"severity": severity})

    async def resolve_downtime(self, downtime_id: str) -> Json:
        return await self._call("POST", f"/control/downtimes/{downtime_id}/resolve")

    # Webhooks

    async def set_webhooks(
        self,
        account: Account,
        *,
        mode: Literal["deliver", "hold", "drop"] | None = None,
        delay_seconds: float | None = None,
        duplicate: int | None = None,
        sign_with: Literal["current", "old", "garbage", "missing"] | None = None,
        corrupt: Literal["none", "cut", "altered", "reserialised"] | None = None,
        retry_seconds: float | None = None,
    ) -> None:
        """What is left out stays as it is."""
        await self._call(
            "POST",
            "/control/webhooks/settings",
            {
                "key_id": account.key_id,
                "mode": mode,
                "delay_seconds": delay_seconds,
                "duplicate": duplicate,
                "sign_with": sign_with,
                "corrupt": corrupt,
                "retry_seconds": retry_seconds,
            },
        )

    async def webhooks(self, account: Account) -> list[Json]:
        """Every event, oldest first: id, event, entity_id, state, body, tries…"""
        shown = await self._call("GET", f"/control/webhooks?key_id={account.key_id}")
        events: list[Json] = shown["events"]
        return events

    async def send_webhook(self, event_id: str, *, times: int = 1) -> list[Json]:
        """Deliver one event now, again or for the first time; `times` at once."""
        shown = await self._call("POST", f"/control/webhooks/{event_id}/send?times={times}")
        sent: list[Json] = shown["sent"]
        return sent

    async def flush_webhooks(
        self,
        account: Account,
        *,
        order: Literal["oldest-first", "newest-first", "shuffled"] = "oldest-first",
        include_dropped: bool = False,
    ) -> list[Json]:
        """Deliver everything held or waiting now, one after the other; returns when all are tried."""
        shown = await self._call(
            "POST",
            "/control/webhooks/flush",
            {"key_id": account.key_id, "order": order, "include_dropped": include_dropped},
        )
        sent: list[Json] = shown["sent"]
        return sent

    # Faults

    async def add_fault(
        self,
        account: Account | PhoneAccount | DailyAccount | PushProject,
        operation: str,
        kind: Kind,
        *,
        times: int = 1,
        seconds: float = 0,
        after_effect: bool = False,
        description: str | None = None,
    ) -> None:
        """The next `times` calls of `operation` (`orders.create`, `payments.refund`, …, `*`) go wrong."""
        match account:
            case Account():
                key = account.key_id
            case PhoneAccount():
                key = account.sid
            case DailyAccount():
                key = account.api_key
            case PushProject():
                key = account.project_id
        await self._call(
            "POST",
            "/control/faults",
            {
                "key_id": key,
                "operation": operation,
                "kind": kind,
                "times": times,
                "seconds": seconds,
                "after_effect": after_effect,
                "description": description,
            },
        )

    async def clear_faults(self, account: Account | None = None) -> None:
        query = f"?key_id={account.key_id}" if account else ""
        await self._call("DELETE", f"/control/faults{query}")

    async def add_mail_fault(
        self,
        mode: Literal["4xx", "5xx", "drop-after-data"],
        *,
        times: int = 1,
        stage: Literal["rcpt", "data"] = "data",
        to: str | None = None,
    ) -> None:
        await self._call(
            "POST", "/control/mail/faults", {"mode": mode, "times": times, "stage": stage, "to": to}
        )

    async def clear_mail_faults(self) -> None:
        await self._call("DELETE", "/control/mail/faults")

    # Clock

    async def now(self) -> float:
        """Seconds since 1970 by the sandbox's clock."""
        shown = await self._call("GET", "/control/clock")
        return float(shown["now"])

    async def shift_clock(self, seconds: float, *, freeze: bool | None = None) -> None:
        await self._move({"shift_seconds": seconds, "freeze": freeze})

    async def _move(self, to: Json) -> None:
        assert self.process.clock_moves, (
            "others count on this clock: ask for `moving_sandbox` or `own_sandbox`"
        )
        await self._call("POST", "/control/clock", to)

    # Mail and phone

    async def mails(self, to: str, *, after: int = 0, wait_seconds: float = 0) -> list[Json]:
        """Newest first; waits up to `wait_seconds` (at most 20) for the first one."""
        return await self._arrived("/mailbox", to, after, wait_seconds)

    async def raw_mail(self, mail_id: int) -> bytes:
        answer = await self.http.get(f"/mailbox/{mail_id}/raw")
        return answer.raise_for_status().content

    async def texts(self, to: str, *, after: int = 0, wait_seconds: float = 0) -> list[Json]:
        """Text messages, newest first."""
        return await self._arrived("/phone", to, after, wait_seconds)

    async def register_phone(self) -> PhoneAccount:
        account = PhoneAccount("AC" + secrets.token_hex(16), secrets.token_hex(16))
        await self._call(
            "POST", "/control/phone/accounts", {"account_sid": account.sid, "auth_token": account.auth_token}
        )
        return account

    async def behave_phone(
        self,
        account: PhoneAccount,
        *,
        callbacks: Literal["deliver", "hold", "drop"] = "deliver",
        dlt: Json | None = None,
    ) -> None:
        """`dlt`: what is registered in India, `{header, templates}`."""
        await self._call(
            "POST",
            "/control/phone/behaviour",
            {"account_sid": account.sid, "callbacks": callbacks, "dlt": dlt},
        )

    async def opt_out(self, number: str, *, opted_out: bool = True) -> None:
        """The person answers STOP (or START)."""
        await self._call("POST", "/control/phone/opt-outs", {"number": number, "opted_out": opted_out})

    async def flush_posts(
        self,
        sender: str,
        *,
        order: Literal["oldest-first", "newest-first", "shuffled"] = "oldest-first",
        again: bool = False,
    ) -> list[Json]:
        """Deliver the status callbacks of an account (its SID), or what came back to an address."""
        shown = await self._call(
            "POST", "/control/posts/flush", {"sender": sender, "order": order, "again": again}
        )
        sent: list[Json] = shown["sent"]
        return sent

    async def mails_come_back_to(self, address: str, url: str, secret: str) -> None:
        """What comes back to `address` is posted to `url`."""
        await self._call("POST", "/control/mail/returns", {"address": address, "url": url, "secret": secret})

    async def pushes(self, device: str, *, after: int = 0, wait_seconds: float = 0) -> list[Json]:
        """Push messages, newest first."""
        return await self._arrived("/devices", device, after, wait_seconds)

    async def register_push(self) -> PushProject:
        """A Firebase project of this test's own."""
        project_id = "clinic-" + secrets.token_hex(6)
        email = f"push@{project_id}.iam.gserviceaccount.com"
        await self._call(
            "POST",
            "/control/push/projects",
            {"project_id": project_id, "client_email": email, "public_key": public_key()},
        )
        account = {
            "type": "service_account",
            "project_id": project_id,
            "private_key_id": "1",
            "private_key": private_key(),
            "client_email": email,
            "token_uri": f"{self.process.url}/fcm/token",
        }
        return PushProject(project_id, json.dumps(account), f"{self.process.url}/fcm")

    async def decide_device(self, device: str, fate: str) -> None:
        """What becomes of messages to it from now on, such as `unregistered`."""
        await self._call("POST", "/control/push/devices", {"device": device, "fate": fate})

    async def register_video_app(self, app_id: str, app_secret: str) -> str:
        """Where the Jitsi server is that accepts this app's tokens."""
        await self._call("POST", "/control/video/jitsi", {"app_id": app_id, "app_secret": app_secret})
        return f"{self.process.url}/jitsi"

    async def register_daily(self) -> DailyAccount:
        account = DailyAccount(secrets.token_hex(32), f"{self.process.url}/daily/v1")
        await self._call("POST", "/control/video/daily", {"api_key": account.api_key})
        return account

    async def _arrived(self, path: str, to: str, after: int, wait_seconds: float) -> list[Json]:
        query: dict[str, str | int | float] = {"to": to, "after": after, "wait_seconds": wait_seconds}
        answer = await self.http.get(path, params=query)
        found: list[Json] = answer.raise_for_status().json()
        return found

    async def _register(self, key_id: str, key_secret: str, webhook_url: str, webhook_secret: str) -> Account:
        wanted = {
            "key_id": key_id,
            "key_secret": key_secret,
            "webhook_url": webhook_url,
            "webhook_secret": webhook_secret,
        }
        made = await self._call("POST", "/control/accounts", wanted)
        return Account(account_id=made["account_id"], **wanted)

    async def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = await self.http.request(method, path, json={} if body is None else body)
        if answer.is_error:
            raise AssertionError(f"the sandbox refused {method} {path}: {answer.status_code} {answer.text}")
        shown: Json = answer.json()
        return shown
