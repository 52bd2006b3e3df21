"""What can go wrong with a payment, as nouns. http/table.py says which status each has."""

from __future__ import annotations

from niyat.kernel.errors import NiyatError


class AppointmentNotFound(NiyatError):
    """There is no such appointment of yours."""


class HoldLapsed(NiyatError):
    """The time to pay for this slot is over; choose a time again."""


class AppointmentCancelled(NiyatError):
    """This appointment was cancelled; it needs no payment."""


class AlreadyPaid(NiyatError):
    """This appointment is paid; there is nothing more to pay."""


class NoPaymentNeeded(NiyatError):
    """This appointment is free; confirm it without a payment."""


class PaymentNotFound(NiyatError):
    """There is no such payment of yours."""


class ReceiptNotFound(NiyatError):
    """There is no such receipt of yours; one is made within moments of a payment or a refund."""


class PaymentProviderRefused(NiyatError):
    """The payment provider refused to begin this payment; choose another way to pay or ask the clinic."""


class SignatureWrong(NiyatError):
    """The payment provider did not sign this; nothing was changed."""


class WebhookMalformed(NiyatError):
    """This is no event of the payment provider."""


class AccountMismatch(NiyatError):
    """This event belongs to another account at the payment provider."""


class PaymentOfAnotherOrder(NiyatError):
    """This payment at the provider belongs to another order; nothing was changed."""


class PaymentOfAnotherAppointment(NiyatError):
    """This payment belongs to another appointment; nothing was changed."""


class WebhookNotFound(NiyatError):
    """There is no such webhook; those worked off are kept for thirty days."""


class WebhookWaiting(NiyatError):
    """This webhook waits to be worked off already; there is nothing to replay."""


class AmountDiffers(NiyatError):
    """The price of this appointment is another; take exactly the price and record it again."""


class PaymentUnderWay(NiyatError):
    """Another payment for this appointment is being settled; wait a moment and look again."""


class TimeGone(NiyatError):
    """The time of this appointment is over or somebody else's; nothing was recorded, give the money back."""


class MoneyTaken(NiyatError):
    """Money was taken with this payment; that is not undone by hand, give it back with a refund."""


class NothingAuthorized(NiyatError):
    """The payment provider knows of no authorised payment for this appointment; nothing was changed."""


class RefundNotFound(NiyatError):
    """There is no such refund."""


class RefundNotAtTheDesk(NiyatError):
    """This refund goes back through the payment provider; the desk has nothing to hand back."""


class RefundNotPending(NiyatError):
    """This refund does not wait to be handed back."""


class NothingToRefund(NiyatError):
    """This payment has no captured money to give back."""


class PaymentDisputed(NiyatError):
    """The patient's bank disputes this payment; nothing of it goes back until that is decided."""


class DisputeNotFound(NiyatError):
    """There is no such dispute."""


class RunNotFound(NiyatError):
    """There is no such reading of a report."""


class DayNotOver(NiyatError):
    """The report of that day is not complete; choose a day that is over."""


class DifferenceNotFound(NiyatError):
    """There is no such difference."""


class DifferenceExplained(NiyatError):
    """This difference was explained already."""


class MoneyInSuspense(NiyatError):
    """Money of this settlement would stay in suspense with nothing to explain it; say where it belongs."""


class NotInSuspense(NiyatError):
    """That much of this settlement is not in suspense, so it cannot be moved from there."""


class RefundExceedsCaptured(NiyatError):
    """Refunds may not exceed what was captured; ask for at most what is left."""


class PeriodClosed(NiyatError):
    """The books are closed until that day already; close a later one."""


class PeriodNotOver(NiyatError):
    """Only days that are over can be closed; choose an earlier one."""


class AccountNotFound(NiyatError):
    """The ledger has no such account."""


class AccountNotCorrectable(NiyatError):
    """This account's money belongs to bookings and payouts; it is moved by a refund or a payout, not by hand."""


class CorrectionUnbalanced(NiyatError):
    """A correction takes from one account what it gives to another: its amounts must sum to zero."""


class DoctorNotFound(NiyatError):
    """There is no such doctor, or it is not you."""


class PayoutNotFound(NiyatError):
    """There is no such payout of yours."""


class PayoutBatchNotFound(NiyatError):
    """There is no such batch of payouts."""


class PayoutsNotSetUp(NiyatError):
    """Nobody can be paid out: set RAZORPAYX_ACCOUNT_NUMBER to the business account that doctors are paid from."""


class FundAccountNotFound(NiyatError):
    """It is not known where to pay this doctor; name their fund account first."""


class FundAccountRefused(NiyatError):
    """The payout provider has no such active fund account for a bank account or UPI address."""


class NothingToPayOut(NiyatError):
    """No doctor with a fund account is owed enough until that day."""


class PayoutBatchDecided(NiyatError):
    """This batch was approved or discarded already."""


class PayoutNotPending(NiyatError):
    """Only a payout that nobody approved yet can be left out."""


class PayoutNotReturned(NiyatError):
    """Only a payout that failed or came back is tried again; while it may still arrive, ask and wait."""


class PayoutRetried(NiyatError):
    """This payout was tried again already; look at the newer one."""


class PayoutProposed(NiyatError):
    """A payout to this doctor is proposed already, with this money in it; approve that one."""


class PayoutTooLarge(NiyatError):
    """One payout to a UPI address is at most 1 lakh rupees; propose a new batch, the rest stays owed."""


class PayoutNotCovered(NiyatError):
    """The doctor is not owed that much any more; propose a new batch."""


class DoctorNotNamed(NiyatError):
    """A doctor's account is touched; say which doctor's."""
