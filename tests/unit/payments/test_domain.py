"""The rules of money as values."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from niyat.payments import postings
from niyat.payments.commission import Earnings, Terms
from niyat.payments.domain import (
    RANK,
    STEPS,
    TRANSITIONS,
    AttemptStatus,
    AttemptView,
    CaseView,
    Move,
    PaymentMethod,
    PaymentStatus,
    Secured,
    Step,
    may_capture,
    method_of,
    moves_forward,
    next_move,
    owed_on_close,
    refundable,
    status_after_fact,
    status_after_refunds,
    step_after_fact,
    step_after_secure,
)
from niyat.payments.outcome import Outcome, outcome_of

CASES = [
    CaseView(closed=closed, taken_by_other=taken, claimed_by_other=claimed)
    for closed, taken, claimed in product((False, True), repeat=3)
    if claimed or not taken
]
AMOUNT = st.integers(min_value=1, max_value=10**9)
ANY_ID = UUID(int=7)


def test_facts_only_move_forward() -> None:
    ranked = sorted(AttemptStatus, key=RANK.__getitem__)
    assert [str(s) for s in ranked] == ["created", "failed", "authorized", "captured", "refunded"]
    assert moves_forward(None, AttemptStatus.CREATED)
    assert not moves_forward(AttemptStatus.CAPTURED, AttemptStatus.AUTHORIZED)
    assert not moves_forward(AttemptStatus.CAPTURED, AttemptStatus.CAPTURED)


def test_every_rule_stays_on_the_table_of_steps() -> None:
    for case, step, captured in product(CASES, Step, (False, True)):
        if not captured and step in (Step.KEPT, Step.RETURNING):
            continue
        for status in AttemptStatus:
            after = step_after_fact(case, step, status, captured)
            if status is not AttemptStatus.REFUNDED or captured or step is not Step.RELEASED:
                assert after is step or (step, after) in STEPS, (case, step, status, captured, after)
        if step is Step.SECURING:
            for outcome in set(Secured) - {Secured.CONFIRMED}:
                after = step_after_secure(case, captured, outcome)
                assert after is step or (step, after) in STEPS
        for asked, matches in product((False, True), repeat=2):
            decided = next_move(case, AttemptView(step, AttemptStatus.AUTHORIZED, captured, matches, asked))
            assert decided.step is None or (step, decided.step) in STEPS


def test_a_closed_case_does_not_capture() -> None:
    for case in CASES:
        if case.closed:
            assert not may_capture(case)
            assert step_after_secure(case, False, Secured.SECURED) is Step.LAPSING
            view = AttemptView(Step.CAPTURING, AttemptStatus.AUTHORIZED, captured=False)
            assert next_move(case, view).move is not Move.CAPTURE


def test_money_captured_on_a_closed_case_or_a_second_time_goes_back() -> None:
    for case, step in product(CASES, set(Step) - {Step.KEPT, Step.RETURNING}):
        if case.closed or case.taken_by_other:
            assert step_after_fact(case, step, AttemptStatus.CAPTURED, True) is Step.RETURNING


def test_a_capture_that_was_asked_for_is_asked_about_and_by_nothing_else_decided() -> None:
    for case in CASES:
        view = AttemptView(Step.CAPTURING, AttemptStatus.AUTHORIZED, captured=False, asked=True)
        assert next_move(case, view).move is Move.FETCH


def test_captured_money_is_never_left_to_lapse() -> None:
    for case, outcome in product(CASES, set(Secured) - {Secured.CONFIRMED}):
        step = step_after_secure(case, True, outcome)
        assert step in (Step.KEPT, Step.RETURNING, Step.SECURING)
    view = AttemptView(Step.SECURING, AttemptStatus.CAPTURED, captured=True, matches=False)
    assert next_move(CaseView(closed=False), view).step is Step.RETURNING


def test_another_amount_is_set_aside_uncaptured() -> None:
    view = AttemptView(Step.SECURING, AttemptStatus.AUTHORIZED, captured=False, matches=False)
    assert next_move(CaseView(closed=False), view).step is Step.SET_ASIDE
    assert step_after_secure(CaseView(closed=False), False, Secured.MISMATCH) is Step.SET_ASIDE


def test_the_payments_status_moves_along_its_table() -> None:
    for status, fact, captured, others in product(PaymentStatus, AttemptStatus, (False, True), (False, True)):
        if captured != (fact is AttemptStatus.CAPTURED):
            continue
        after = status_after_fact(status, fact, captured, others_live=others)
        assert after is status or (status, after) in TRANSITIONS, (status, fact, after)


def test_failed_is_not_terminal() -> None:
    failed = status_after_fact(PaymentStatus.PENDING, AttemptStatus.FAILED, False, others_live=False)
    assert failed is PaymentStatus.FAILED
    late = status_after_fact(failed, AttemptStatus.AUTHORIZED, False, others_live=False)
    assert status_after_fact(late, AttemptStatus.CAPTURED, True, others_live=False) is PaymentStatus.CAPTURED


@given(captured=AMOUNT, promised=st.integers(0, 10**9), owed=st.none() | st.integers(0, 10**9))
def test_what_is_owed_never_exceeds_what_is_left(captured: int, promised: int, owed: int | None) -> None:
    due = owed_on_close(captured, promised, owed)
    assert 0 <= due <= refundable(captured, promised)
    if owed is None:
        assert due == refundable(captured, promised)


@given(captured=AMOUNT, refunded=st.integers(0, 10**9))
def test_the_status_of_refunded_money_is_its_sum(captured: int, refunded: int) -> None:
    status = status_after_refunds(captured, refunded)
    assert (status is PaymentStatus.CAPTURED) == (refunded == 0)
    assert (status is PaymentStatus.REFUNDED) == (0 < captured <= refunded)


@given(amount=AMOUNT, part=AMOUNT, tax=AMOUNT, was_processed=st.booleans())
def test_every_posting_sums_to_zero(amount: int, part: int, tax: int, was_processed: bool) -> None:
    part = min(part, amount)
    terms = Terms(Decimal("12.5"), Decimal(18))
    earnings = Earnings(terms.divide(tax - part), terms)
    made = [
        postings.captured("pay_1", amount),
        postings.fee("pay_1", amount, min(tax, amount)),
        postings.earned(ANY_ID, amount, earnings),
        postings.refund_issued(ANY_ID, amount, postings.Sources(part, 0, earnings)),
        postings.refund_revived(ANY_ID, amount, postings.Sources(0, part, earnings)),
        postings.refund_superseded(ANY_ID, amount, postings.Sources(part, 0, earnings)),
        postings.refund_processed(ANY_ID, amount),
        *postings.refund_failed(ANY_ID, amount, was_processed=was_processed),
    ]
    for posting in made:
        assert sum(value for _, value in posting.entries) == 0
        assert all(value for _, value in posting.entries)
    assert len({posting.key for posting in made}) == len(made)


@given(amount=AMOUNT, part=AMOUNT, was_processed=st.booleans())
def test_a_failed_refund_is_owed_and_nothing_else(amount: int, part: int, was_processed: bool) -> None:
    part = min(part, amount)
    made = [postings.refund_issued(ANY_ID, amount, postings.Sources(part))]
    if was_processed:
        made.append(postings.refund_processed(ANY_ID, amount))
    made += postings.refund_failed(ANY_ID, amount, was_processed=was_processed)
    totals: dict[str, int] = {}
    for posting in made:
        for account, value in posting.entries:
            totals[account] = totals.get(account, 0) + value
    left = {account: value for account, value in totals.items() if value}
    assert left.pop(postings.REFUND_OWED) == -amount
    assert left.get(postings.PATIENT_DEPOSIT, 0) == part
    assert left.get(postings.DOCTOR_PAYABLE, 0) == amount - part


def test_methods_are_the_gateways_or_other() -> None:
    assert method_of("bank_transfer") is PaymentMethod.BANK_TRANSFER
    assert method_of("upi") is PaymentMethod.UPI
    assert method_of("cardless_emi") is PaymentMethod.OTHER
    assert method_of(None) is None


def test_a_patient_is_told_not_to_pay_again_while_anything_is_undecided() -> None:
    for step in (Step.SECURING, Step.CAPTURING):
        for status in PaymentStatus:
            outcome = outcome_of(
                status,
                [Step.IDLE, step],
                payable=True,
                confirmed=False,
                closed=False,
                refunds_pending=False,
            )
            assert outcome is Outcome.PROCESSING
