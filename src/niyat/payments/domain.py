"""The rules of money, as values: what a fact about an attempt changes, and what is to be done next.

One rule serves every source: the browser's callback, webhooks and our poll may come in any order, twice, or
never. Facts about an attempt only move forward (`RANK`); the steps that we take with it are `STEPS`. The rules
marked ◆ are those without which money is left without a booking; tests/simulation takes each away and sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class PaymentStatus(StrEnum):
    """What became of a payment's money."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially-refunded"
    REFUNDED = "refunded"


class PaymentMethod(StrEnum):
    """How somebody paid."""

    CARD = "card"
    UPI = "upi"
    NETBANKING = "netbanking"
    WALLET = "wallet"
    EMI = "emi"
    PAYLATER = "paylater"
    BANK_TRANSFER = "bank-transfer"
    CASH = "cash"
    OTHER = "other"


P = PaymentStatus
TRANSITIONS: Mapping[tuple[PaymentStatus, PaymentStatus], str] = {
    (P.PENDING, P.AUTHORIZED): "the bank said yes",
    (P.PENDING, P.CAPTURED): "money taken",
    (P.PENDING, P.FAILED): "an attempt failed, no order came about, or it was voided",
    (P.FAILED, P.AUTHORIZED): "a later attempt, or a bank that says yes days later",
    (P.FAILED, P.CAPTURED): "money taken after all",
    (P.AUTHORIZED, P.CAPTURED): "money taken",
    (P.AUTHORIZED, P.FAILED): "let go of uncaptured",
    (P.CAPTURED, P.PARTIALLY_REFUNDED): "a part went back",
    (P.CAPTURED, P.REFUNDED): "all of it went back",
    (P.PARTIALLY_REFUNDED, P.REFUNDED): "the rest went back",
    (P.PARTIALLY_REFUNDED, P.CAPTURED): "a processed refund failed after all",
    (P.REFUNDED, P.PARTIALLY_REFUNDED): "a processed refund failed after all",
    (P.REFUNDED, P.CAPTURED): "a processed refund failed after all",
}
"""Every move there is, and what brings it about. The database's `payment_may_move` says the same."""


class AttemptStatus(StrEnum):
    """The gateway's word about one attempt (`pay_…`)."""

    CREATED = "created"
    FAILED = "failed"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    REFUNDED = "refunded"


RANK: Mapping[AttemptStatus, int] = {status: rank for rank, status in enumerate(AttemptStatus)}
"""Facts move forward only; a lower one that comes late is ignored."""


class Step(StrEnum):
    """What we do with an attempt. Each is a row's state, so a crash goes on where it was."""

    IDLE = "idle"  # no money in it
    SECURING = "securing"  # money seen; appointments is being asked for the place
    CAPTURING = "capturing"  # the intent to capture is stored; the outcome may be unknown
    KEPT = "kept"  # captured, for a place that is secured
    LAPSING = "lapsing"  # will not be captured; watched until the gateway lets go of it
    SET_ASIDE = "set-aside"  # another amount than quoted: not captured, staff look at it
    RETURNING = "returning"  # captured and not wanted: goes back in full
    RELEASED = "released"  # the gateway let go of it uncaptured


S = Step
STEPS: Mapping[tuple[Step, Step], str] = {
    (S.IDLE, S.SECURING): "money seen",
    (S.IDLE, S.RETURNING): "captured for a closed or taken place, or given back before it was seen",
    (S.IDLE, S.RELEASED): "let go of before it was seen",
    (S.SECURING, S.CAPTURING): "the place is secured",
    (S.SECURING, S.KEPT): "captured already or taken at the desk, and the place is secured",
    (S.SECURING, S.LAPSING): "no place for it",
    (S.SECURING, S.SET_ASIDE): "another amount than quoted",
    (S.SECURING, S.RETURNING): "captured, and no place for it",
    (S.SECURING, S.RELEASED): "the gateway let go of it, or the desk had no place for it",
    (S.CAPTURING, S.KEPT): "captured",
    (S.CAPTURING, S.LAPSING): "refused for good, or the case was closed",
    (S.CAPTURING, S.RETURNING): "captured for a closed case",
    (S.CAPTURING, S.RELEASED): "the gateway let go of it",
    (S.KEPT, S.RETURNING): "no visit came of it",
    (S.LAPSING, S.SECURING): "captured after all",
    (S.LAPSING, S.RETURNING): "captured after all, and no place for it",
    (S.LAPSING, S.RELEASED): "the gateway let go of it",
    (S.SET_ASIDE, S.SECURING): "captured after all",
    (S.SET_ASIDE, S.RETURNING): "captured after all, and no place for it",
    (S.SET_ASIDE, S.RELEASED): "the gateway let go of it",
    (S.RELEASED, S.SECURING): "captured after all",
    (S.RELEASED, S.RETURNING): "captured after all, and no place for it",
}
"""Every step from step to step, and what brings it about. The database's `attempt_may_move` says the same."""


class Secured(StrEnum):
    """What appointments answers to `secure`, and to `payment-captured` (`confirmed`)."""

    SECURED = "secured"
    CONFIRMED = "confirmed"
    BUSY = "busy"
    MISMATCH = "mismatch"
    GONE = "gone"
    CANCELLED = "cancelled"
    ALREADY_PAID = "already-paid"


class Move(StrEnum):
    """What is to be done next with an attempt."""

    WAIT = "wait"
    SECURE = "secure"  # ask appointments for the place
    CAPTURE = "capture"  # ask the gateway for the money
    FETCH = "fetch"  # a capture may have happened: ask the gateway what is
    SETTLE = "settle"  # take the step in `Next`, no question needed


@dataclass(frozen=True, slots=True)
class CaseView:
    """The case as seen by one of its attempts. `taken_by_other`: another attempt is kept; `claimed_by_other`:
    another one is being captured, or is kept.
    """

    closed: bool
    taken_by_other: bool = False
    claimed_by_other: bool = False


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt: our step, the gateway's last word, and whether its capture was ever asked for."""

    step: Step
    status: AttemptStatus
    captured: bool
    matches: bool = True  # amount and currency are those of our payment
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """A move and, for SETTLE, the step to take."""

    move: Move
    step: Step | None = None


def moves_forward(old: AttemptStatus | None, new: AttemptStatus) -> bool:
    """Whether a fact is news."""
    return old is None or RANK[new] > RANK[old]


def step_after_fact(
    case: CaseView, step: Step, status: AttemptStatus, captured: bool, *, gone_back: bool = False
) -> Step:
    """The step that a new fact about an attempt brings.

    `captured`: the money is ours, or was. `gone_back`: all of it was given back, by whomever: it keeps no place.
    """
    if captured:
        if step in (S.KEPT, S.RETURNING):
            return step
        if gone_back:
            return S.RETURNING
        # ◆ Money captured on a closed case goes back; so does a second capture on one appointment.
        if case.closed or case.taken_by_other:
            return S.RETURNING
        return S.KEPT if step is S.CAPTURING else S.SECURING
    if status is AttemptStatus.REFUNDED:
        return S.RELEASED
    if status is AttemptStatus.AUTHORIZED and step is S.IDLE:
        return S.SECURING
    return step


def next_move(case: CaseView, attempt: AttemptView) -> Next:
    """What is to be done now, decided under the case's lock."""
    if attempt.step is S.SECURING:
        return _before_secure(case, attempt)
    if attempt.step is S.CAPTURING:
        # ◆ Outcome unknown: ask until it is known; nothing else may decide.
        if attempt.asked:
            return Next(Move.FETCH)
        return Next(Move.CAPTURE) if may_capture(case) else Next(Move.SETTLE, S.LAPSING)
    return Next(Move.WAIT)


def _before_secure(case: CaseView, attempt: AttemptView) -> Next:
    unwanted = S.RETURNING if attempt.captured else S.LAPSING
    if not attempt.matches:
        return Next(Move.SETTLE, S.RETURNING if attempt.captured else S.SET_ASIDE)
    if case.closed or case.taken_by_other:
        return Next(Move.SETTLE, unwanted)
    return Next(Move.WAIT) if case.claimed_by_other else Next(Move.SECURE)


def may_capture(case: CaseView) -> bool:
    """◆ If the case is closed, it does not capture. Asked under the case's lock before every capture call."""
    return not case.closed and not case.claimed_by_other


def step_after_secure(case: CaseView, captured: bool, outcome: Secured) -> Step:
    """The step that appointments' answer brings."""
    unwanted = S.RETURNING if captured else S.LAPSING
    if outcome is Secured.BUSY:
        return S.SECURING
    if outcome is Secured.MISMATCH:
        return S.RETURNING if captured else S.SET_ASIDE
    if outcome is not Secured.SECURED or case.closed:
        return unwanted
    if case.claimed_by_other:
        return S.RETURNING if captured and case.taken_by_other else S.SECURING
    return S.KEPT if captured else S.CAPTURING


def step_of_receipt(case: CaseView, outcome: Secured, *, overtaken: bool) -> Step:
    """What appointments' answer makes of money at the desk: kept, or not taken at all. It waits for nobody.

    `overtaken`: a release came between our wish and its answer, so `busy` may mean that alone: ask again.
    """
    if case.closed or case.claimed_by_other:
        return S.RELEASED
    if outcome is Secured.SECURED:
        return S.KEPT
    return S.SECURING if outcome is Secured.BUSY and overtaken else S.RELEASED


MIGHT_BE_SECURED = frozenset({S.SECURING, S.CAPTURING})
WANTS_THE_PLACE = frozenset({S.SECURING, S.CAPTURING, S.KEPT})


def lets_go(case: CaseView, was: Step, step: Step, siblings: Collection[Step], *, known_free: bool) -> bool:
    """◆ Whether PAYMENT_RELEASED is told when an attempt goes from `was` to `step`.

    Appointments knows the payment, not its attempts: only the last of them to want the place lets go of it.
    `siblings`: the steps of the payment's other attempts. `known_free`: appointments has just said that the
    payment does not keep the place; then only money that was not taken is told of.
    """
    if was not in MIGHT_BE_SECURED or step in WANTS_THE_PLACE or WANTS_THE_PLACE & set(siblings):
        return False
    if step in (S.LAPSING, S.RELEASED):
        return True
    return not (known_free or case.closed or case.taken_by_other)


def status_after_fact(
    status: PaymentStatus, fact: AttemptStatus, captured: bool, *, others_live: bool
) -> PaymentStatus:
    """The payment's status after a fact about one of its attempts. `others_live`: another attempt has money."""
    if captured:
        return status if _has_money(status) else P.CAPTURED
    if _has_money(status):
        return status
    if fact is AttemptStatus.AUTHORIZED:
        return P.AUTHORIZED
    if fact in (AttemptStatus.FAILED, AttemptStatus.REFUNDED) and not others_live:
        return P.FAILED
    return status


def status_after_refunds(captured: int, refunded: int) -> PaymentStatus:
    """The status of a captured payment of which `refunded` minor units were given back."""
    if refunded == 0:
        return P.CAPTURED
    return P.REFUNDED if refunded >= captured else P.PARTIALLY_REFUNDED


def _has_money(status: PaymentStatus) -> bool:
    return status in (P.CAPTURED, P.PARTIALLY_REFUNDED, P.REFUNDED)


def owed_on_close(captured: int, promised: int, owed_back: int | None) -> int:
    """What the end of a visit that did not take place still owes of one attempt's money, in minor units.

    `owed_back` is what appointments says of the visit that this money had confirmed, its moves to cheaper times
    included (None: it confirmed none, so all of it); `promised` is what pending and processed refunds already give
    back.
    """
    owed = captured if owed_back is None else min(captured, owed_back)
    return max(0, owed - promised)


def owed_on_move(captured: int, promised: int, moved_back: int, decided: int) -> int:
    """What is still to go back of the money of a visit that costs `moved_back` less than was paid, in minor units.

    `decided`: what earlier moves, or its cancellation, gave back of it, whatever became of that. What was promised
    for other reasons does not count against it, but never is more given back than was captured.
    """
    return max(0, min(moved_back - decided, refundable(captured, promised)))


def left_to_do(amount: int, elsewhere: int, left: int) -> int | None:
    """What of a refused refund of `amount` is still to be given back; None when nothing explains the refusal.

    `elsewhere`: what the gateway gave back at others' request since it was decided; `left`: captured and promised
    to nobody, this refund not counted.
    """
    if not elsewhere and left >= amount:
        return None
    return min(left, max(0, amount - elsewhere))


def refundable(captured: int, promised: int) -> int:
    """What may still be refunded: pending and processed refunds never exceed what was captured."""
    return max(0, captured - promised)


class RefundStatus(StrEnum):
    """Where a refund is. A processed one may still fail."""

    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"
    SUPERSEDED = "superseded"  # the money went back another way before it: there is nothing left to do


R = RefundStatus
REFUND_TRANSITIONS: Mapping[tuple[RefundStatus, RefundStatus], str] = {
    (R.PENDING, R.PROCESSED): "the gateway gave it back",
    (R.PENDING, R.FAILED): "the gateway could not",
    (R.PENDING, R.SUPERSEDED): "it went back another way",
    (R.PROCESSED, R.FAILED): "the bank sent it back after all",
    (R.FAILED, R.PENDING): "the gateway has it after all",
    (R.SUPERSEDED, R.PENDING): "the gateway has it after all",
}
"""Every move of a refund, and what brings it about. The database's `refund_may_move` says the same."""

REFUND_RANK: Mapping[RefundStatus, int] = {status: rank for rank, status in enumerate(RefundStatus)}


def method_of(reported: str | None) -> PaymentMethod | None:
    """The gateway's word for a method, as ours."""
    if not reported:
        return None
    spelt = reported.replace("_", "-")
    return PaymentMethod(spelt) if spelt in set(PaymentMethod) else PaymentMethod.OTHER
