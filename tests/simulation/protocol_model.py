"""The protocol of a booking and its money as a small model, explored exhaustively.

One visit, two payments for it, a rival for its slot, cancellation, expiry, facts that arrive late or in any order,
answers that are lost. The payments side of the model has no rules of its own: it calls the very functions that
the service calls (`niyat.payments.domain`), so the model is held against the code by construction. Appointments'
side follows the protocol. `Without` takes one rule away, to see that it is needed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from niyat.payments.domain import (
    STEPS,
    AttemptStatus,
    AttemptView,
    CaseView,
    Move,
    Secured,
    Step,
    lets_go,
    moves_forward,
    next_move,
    step_after_fact,
    step_after_secure,
)


class Without(Enum):
    """The rules marked ◆: each taken away alone must break the promise."""

    NOTHING = "nothing"
    EXPIRY_PASSES_OVER_SECURED = "expiry passes over secured appointments"
    CLOSED_DOES_NOT_CAPTURE = "a closed case does not capture"
    UNKNOWN_IS_ASKED = "an unknown outcome is asked about until it is known"
    CAPTURED_BEFORE_CLOSING_GOES_BACK = "money captured before the case was closed goes back"
    CAPTURED_AFTER_CLOSING_GOES_BACK = "money captured after the case was closed goes back"
    SECOND_CAPTURE_GOES_BACK = "the second captured payment of a booking goes back"
    THE_LAST_LETS_GO = "only the last attempt of a payment that wants the place lets go of it"
    RELEASES_ARE_NUMBERED = "a release counts for the wishes before it and for none after it"


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment with one attempt: what the gateway has, what we know, what we do."""

    gateway: str = "none"  # none | authorized | captured | released | refunded
    known: AttemptStatus | None = None
    step: Step = Step.IDLE
    asked: bool = False
    capturing: bool = False  # a capture call is on its way to the gateway
    call: int | None = None  # a wish to secure is on its way to appointments, with this number
    reply: Secured | None = None  # appointments' answer is on its way back
    forgotten: bool = False  # only Without.UNKNOWN_IS_ASKED: nobody looks any more
    completed: bool = False  # PAYMENT_COMPLETED is on its way
    released: int | None = (
        None  # PAYMENT_RELEASED with this number is on its way; it may be heard again, late
    )
    heard: bool = True  # the newest of them was heard once
    owed: bool = False  # a refund intent is stored


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is. `cancelling`: APPOINTMENT_CANCELLED is on its way to payments."""

    visit: str = "pending"  # pending | confirmed | cancelled | expired
    secured_by: int | None = None
    rival: bool = False
    securing: int = 1  # the case's number: it rises with every release
    fence: int = 0  # what appointments refuses wishes below
    secured_as: int = 0  # the number of the wish that secured
    cancelling: bool = False
    closed: bool = False
    payments: tuple[Payment, Payment] = (Payment(), Payment())
    broken: str = ""

    @property
    def live(self) -> bool:
        return self.visit in ("pending", "confirmed")

    def with_payment(self, n: int, **changes: object) -> State:
        changed = replace(self.payments[n], **changes)  # type: ignore[arg-type]
        both = (changed, self.payments[1]) if n == 0 else (self.payments[0], changed)
        return replace(self, payments=both)


@dataclass(frozen=True, slots=True)
class Model:
    """The protocol, with or without one of its rules, for manual or automatic capture.

    `one_order`: the two are attempts (`pay_…`) of one order, so appointments cannot tell them apart.
    """

    without: Without = Without.NOTHING
    automatic: bool = False
    one_order: bool = False

    def payer(self, n: int) -> int:
        """The payment that appointments knows the money by."""
        return 0 if self.one_order else n

    def steps(self, state: State) -> Iterator[tuple[str, bool, State]]:
        """Everything that can happen next: its name, whether the system itself does it, and the state after it."""
        yield from self._world(state)
        if state.cancelling:
            yield "payments hears of the cancellation", True, self._close(state)
        for n in (0, 1):
            for name, own, after in self._payment(state, n):
                yield f"{name} ({n + 1})", own, after

    # The world outside

    def _world(self, state: State) -> Iterator[tuple[str, bool, State]]:
        if state.live:
            yield "the patient cancels", False, replace(state, visit="cancelled", cancelling=True)
        may_expire = state.secured_by is None or self.without is Without.EXPIRY_PASSES_OVER_SECURED
        if state.visit == "pending" and may_expire:
            yield "the hold lapses", False, replace(state, visit="expired", secured_by=None)
        if not state.live and not state.rival:
            yield "a rival takes the slot", False, replace(state, rival=True)

    def _gateway(self, state: State, n: int) -> Iterator[tuple[str, bool, State]]:
        payment = state.payments[n]
        if payment.gateway == "none":
            paid = "captured" if self.automatic else "authorized"
            yield "the patient pays", False, state.with_payment(n, gateway=paid)
        if payment.capturing:
            landed = "captured" if payment.gateway == "authorized" else payment.gateway
            yield "the capture lands", True, state.with_payment(n, gateway=landed, capturing=False)
            yield "the capture is lost", False, state.with_payment(n, capturing=False)
        elif payment.gateway == "authorized":
            yield "the gateway lets go", True, state.with_payment(n, gateway="released")
        if payment.owed and payment.gateway == "captured":
            yield "the refund is made", True, state.with_payment(n, gateway="refunded")

    # Payments: the functions of the service

    def _payment(self, state: State, n: int) -> Iterator[tuple[str, bool, State]]:
        payment = state.payments[n]
        yield from self._gateway(state, n)
        yield from self._facts(state, n)
        yield from self._moves(state, n)
        if payment.reply is not None:
            yield "the answer to secure arrives", True, self._secured(state, n)
            yield "the answer to secure is lost", False, state.with_payment(n, reply=None)
        if payment.completed:
            yield "appointments hears that it is captured", True, self._hear_completed(state, n)
        if payment.call is not None:
            yield "appointments is asked to secure", True, self._hear_secure(state, n)
        if payment.released is not None:
            yield "appointments hears that it is released", not payment.heard, self._hear_released(state, n)
        if payment.step is Step.KEPT and not payment.completed and not state.closed:
            yield "the sweep asks", True, self._sweep(state, n)

    def _case(self, state: State, n: int, *, blind: Without) -> CaseView:
        other = state.payments[1 - n].step
        blind_to_other = self.without is Without.SECOND_CAPTURE_GOES_BACK
        return CaseView(
            closed=state.closed and self.without is not blind,
            taken_by_other=other is Step.KEPT and not blind_to_other,
            claimed_by_other=other in (Step.KEPT, Step.CAPTURING) and not blind_to_other,
        )

    def _facts(self, state: State, n: int) -> Iterator[tuple[str, bool, State]]:
        """Callback, webhook or poll: a fact is learnt, now or much later, or again."""
        payment = state.payments[n]
        fact = {"authorized": AttemptStatus.AUTHORIZED, "captured": AttemptStatus.CAPTURED}.get(
            payment.gateway
        )
        if payment.gateway == "released":
            fact = AttemptStatus.REFUNDED
        if fact is None or payment.forgotten or not moves_forward(payment.known, fact):
            return
        case = self._case(state, n, blind=Without.CAPTURED_AFTER_CLOSING_GOES_BACK)
        captured = fact is AttemptStatus.CAPTURED
        step = step_after_fact(case, payment.step, fact, captured)
        known = state.with_payment(n, known=fact)
        yield f"payments learns that it is {fact}", True, self._take(known, n, step)

    def _moves(self, state: State, n: int) -> Iterator[tuple[str, bool, State]]:
        payment = state.payments[n]
        view = AttemptView(
            step=payment.step,
            status=payment.known or AttemptStatus.CREATED,
            captured=payment.known is AttemptStatus.CAPTURED,
            asked=payment.asked,
        )
        decided = next_move(self._case(state, n, blind=Without.CLOSED_DOES_NOT_CAPTURE), view)
        if decided.move is Move.SECURE and payment.reply is None and payment.call is None:
            # Asking is only worth a state when something else than `busy` would come of it.
            if self._secure(state, n, state.securing)[0] is not Secured.BUSY:
                yield "secure is called", True, state.with_payment(n, call=state.securing)
        elif decided.move is Move.CAPTURE:
            asked = state.with_payment(n, asked=True, capturing=True)
            wrong = "a capture was begun on a closed case" if state.closed else ""
            yield "the capture is intended and called", True, replace(asked, broken=wrong)
        elif decided.move is Move.FETCH:
            yield from self._fetch(state, n)
        elif decided.move is Move.SETTLE and decided.step is not None:
            yield f"it is {decided.step}", True, self._take(state, n, decided.step)

    def _fetch(self, state: State, n: int) -> Iterator[tuple[str, bool, State]]:
        payment = state.payments[n]
        if self.without is Without.UNKNOWN_IS_ASKED:
            given_up = state.with_payment(
                n, step=Step.LAPSING, released=state.securing, heard=False, forgotten=True
            )
            yield "the unknown capture is taken for failed", True, given_up
        elif payment.gateway == "authorized":
            # A capture that is still on its way may land after this answer.
            yield "the gateway says: not captured", True, state.with_payment(n, asked=False)
            if not payment.capturing:
                yield "the gateway refuses for good", False, self._take(state, n, Step.LAPSING)

    def _secured(self, state: State, n: int) -> State:
        payment = state.payments[n]
        cleared = state.with_payment(n, reply=None)
        if payment.step is not Step.SECURING or payment.reply is None:
            return cleared
        case = self._case(state, n, blind=Without.CLOSED_DOES_NOT_CAPTURE)
        step = step_after_secure(case, payment.known is AttemptStatus.CAPTURED, payment.reply)
        return self._take(cleared, n, step)

    def _take(self, state: State, n: int, step: Step) -> State:
        """What take_step does."""
        was = state.payments[n].step
        if step is was:
            return state
        assert (was, step) in STEPS, f"{was} → {step}"
        after = state.with_payment(n, step=step, asked=state.payments[n].asked and step is not Step.CAPTURING)
        if step is Step.KEPT:
            return after.with_payment(n, completed=True)
        if step is Step.RETURNING:
            after = after.with_payment(n, owed=True)
        return self._let_go(after, n, was, step)

    def _let_go(self, state: State, n: int, was: Step, step: Step) -> State:
        siblings = [state.payments[1 - n].step] if self.one_order else []
        if self.without is Without.THE_LAST_LETS_GO:
            siblings = []
        case = self._case(state, n, blind=Without.NOTHING)
        if not lets_go(case, was, step, siblings, known_free=False):
            return state
        told = state.with_payment(n, released=state.securing, heard=False)
        return replace(told, securing=state.securing + 1)

    def _close(self, state: State) -> State:
        """What close_case does: what is captured and known goes back; the rest meets a closed case."""
        after = replace(state, cancelling=False, closed=True)
        if self.without is not Without.CAPTURED_BEFORE_CLOSING_GOES_BACK:
            for n in (0, 1):
                if after.payments[n].known is AttemptStatus.CAPTURED:
                    after = after.with_payment(n, owed=True)
        return after

    def _sweep(self, state: State, n: int) -> State:
        after = self._hear_completed(state, n)
        if after.visit == "confirmed" and after.secured_by == self.payer(n):
            return after
        return self._take(after, n, Step.RETURNING)

    # Appointments, by the protocol

    def _hear_secure(self, state: State, n: int) -> State:
        outcome, after = self._secure(state, n, state.payments[n].call or 0)
        heard = None if outcome is Secured.BUSY else outcome
        return after.with_payment(n, call=None, reply=heard)

    def _secure(self, state: State, n: int, number: int) -> tuple[Secured, State]:
        if number < state.fence and self.without is not Without.RELEASES_ARE_NUMBERED:
            return Secured.BUSY, state
        outcome, after = self._try(state, n)
        if outcome is Secured.SECURED:
            again = state.live and state.secured_by == self.payer(n)
            after = replace(after, secured_as=max(number, state.secured_as) if again else number)
        return outcome, after

    def _try(self, state: State, n: int) -> tuple[Secured, State]:
        if state.live and state.secured_by == self.payer(n):
            return Secured.SECURED, state
        if state.live and state.secured_by is not None:
            return (Secured.ALREADY_PAID if state.visit == "confirmed" else Secured.BUSY), state
        if state.visit == "cancelled":
            return Secured.CANCELLED, state
        if state.rival:
            return Secured.GONE, state
        return Secured.SECURED, replace(state, visit="pending", secured_by=self.payer(n))

    def _hear_completed(self, state: State, n: int) -> State:
        after = state.with_payment(n, completed=False)
        if state.visit == "pending" and state.secured_by == self.payer(n):
            return replace(after, visit="confirmed")
        return after

    def _hear_released(self, state: State, n: int) -> State:
        number = state.payments[n].released or 0
        after = replace(state, fence=max(state.fence, number + 1)).with_payment(n, heard=True)
        late = number < state.secured_as and self.without is not Without.RELEASES_ARE_NUMBERED
        if state.visit == "pending" and state.secured_by == self.payer(n) and not late:
            return replace(after, secured_by=None)
        return after


@dataclass(frozen=True, slots=True)
class Violation:
    """What broke, and how it came to it."""

    what: str
    trace: tuple[str, ...]


def explore(model: Model) -> tuple[int, Violation | None]:
    """Visit every state that can be reached; how many there are, and the shortest way to a broken promise."""
    start = State()
    came_from: dict[State, tuple[State, str] | None] = {start: None}
    todo = deque([start])
    while todo:
        state = todo.popleft()
        going_on = False
        for name, own, after in model.steps(state):
            going_on = going_on or (own and after != state)
            if after not in came_from:
                came_from[after] = (state, name)
                todo.append(after)
        if what := always(model, state) or ("" if going_on else in_the_end(model, state)):
            return len(came_from), Violation(what, _trace(came_from, state))
    return len(came_from), None


def always(model: Model, state: State) -> str:
    """What must be true at every moment; the sentence that is broken."""
    if state.broken:
        return state.broken
    if state.live and state.rival:
        return "the slot is sold twice"
    for n, payment in enumerate(state.payments):
        if state.visit == "cancelled" or state.secured_by == model.payer(n):
            continue
        if payment.step is Step.CAPTURING:
            return "unsecured while some attempt of that payment is capturing"
        if payment.step is Step.KEPT:
            return "unsecured although the payment's money was kept for it"
    return ""


def in_the_end(model: Model, state: State) -> str:
    """What must be true when the system has nothing more to do; the sentence that is broken."""
    kept = [n for n, payment in enumerate(state.payments) if payment.gateway == "captured"]
    confirmed_by = state.secured_by if state.visit == "confirmed" else None
    if any(model.payer(n) != confirmed_by for n in kept):
        return "money was taken and there is neither a booking nor a refund"
    if len(kept) > 1:
        return "one booking was paid twice"
    if confirmed_by is not None and not kept:
        return "a booking is confirmed without its money"
    if state.visit == "pending" and state.secured_by is not None:
        return "a slot is secured for ever by money that will not come"
    return ""


def _trace(came_from: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    names: list[str] = []
    while (previous := came_from[state]) is not None:
        state, name = previous
        names.append(name)
    return tuple(reversed(names))
