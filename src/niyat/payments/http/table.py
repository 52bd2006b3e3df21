"""The only table from error to status."""

from __future__ import annotations

from niyat.kernel.http import ErrorTable
from niyat.payments import errors

TABLE: ErrorTable = {
    errors.AppointmentNotFound: 404,
    errors.HoldLapsed: 409,
    errors.AppointmentCancelled: 409,
    errors.AlreadyPaid: 409,
    errors.NoPaymentNeeded: 409,
    errors.PaymentNotFound: 404,
    errors.ReceiptNotFound: 404,
    errors.PaymentProviderRefused: 502,
    errors.SignatureWrong: 400,
    errors.WebhookMalformed: 400,
    errors.AccountMismatch: 400,
    errors.WebhookNotFound: 404,
    errors.WebhookWaiting: 409,
    errors.PaymentOfAnotherOrder: 409,
    errors.PaymentOfAnotherAppointment: 409,
    errors.AmountDiffers: 409,
    errors.PaymentUnderWay: 409,
    errors.TimeGone: 409,
    errors.MoneyTaken: 409,
    errors.NothingAuthorized: 409,
    errors.RefundNotFound: 404,
    errors.RefundNotAtTheDesk: 409,
    errors.RefundNotPending: 409,
    errors.NothingToRefund: 409,
    errors.RefundExceedsCaptured: 409,
    errors.PeriodClosed: 409,
    errors.PeriodNotOver: 409,
    errors.AccountNotFound: 404,
    errors.AccountNotCorrectable: 409,
    errors.CorrectionUnbalanced: 422,
    errors.DoctorNotNamed: 422,
}
