"""Whatever mix of things happens to money, each booking's is somewhere and each account holds what the facts say.

A stateful property: rules are what patients, staff, banks and the gateway may do, in any order and number. After each
of them the books are whole; at the end all is settled and the audit, with the gateway's own books, finds nothing.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.payments.mix_of_disputes import Disputes
from tests.integration.payments.mix_of_payouts import Payouts
from tests.integration.payments.mix_of_refunds import Refunds
from tests.integration.payments.mix_of_visits import Visits
from tests.support.postgres import PostgresForTests
from tests.support.sandbox_process import SandboxProcess


class Money(Visits, Refunds, Disputes, Payouts):
    """All that may happen to it."""


def play(server: PostgresForTests, process: SandboxProcess, **limits: int) -> None:
    """`whole` says after each step what must hold of the books, and `_end` what must when all is settled."""

    class Here(Money):
        pass

    Here.server, Here.process = server, process
    how = settings(derandomize=True, database=None, deadline=None, **limits)  # type: ignore[arg-type]
    run_state_machine_as_test(Here, settings=how)


@pytest.mark.failure_row(23, 55)
def test_any_mix_of_what_may_happen_to_money_leaves_every_booking_and_every_account_explained(
    postgres_server: PostgresForTests, sandbox_process: SandboxProcess
) -> None:
    play(postgres_server, sandbox_process, max_examples=4, stateful_step_count=16)


@pytest.mark.long
def test_many_mixes_of_what_may_happen_to_money(
    postgres_server: PostgresForTests, sandbox_process: SandboxProcess
) -> None:
    play(postgres_server, sandbox_process, max_examples=30, stateful_step_count=30)
