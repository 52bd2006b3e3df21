"""The only table from errors of this service to statuses, and what its routes share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from niyat.kernel.http import ErrorTable
from niyat.payments import errors
from niyat.payments.till import Till

ERRORS: ErrorTable = {
    errors.AppointmentNotFound: 404,
    errors.HoldLapsed: 409,
    errors.AppointmentCancelled: 409,
    errors.AlreadyPaid: 409,
    errors.NoPaymentNeeded: 409,
    errors.PaymentNotFound: 404,
    errors.PaymentProviderRefused: 502,
    errors.SignatureWrong: 400,
    errors.WebhookMalformed: 400,
    errors.AccountMismatch: 400,
    errors.PaymentOfAnotherOrder: 409,
    errors.PaymentOfAnotherAppointment: 409,
    errors.NothingToRefund: 409,
    errors.RefundExceedsCaptured: 409,
}


def _till(request: Request) -> Till:
    till: Till = request.app.state.till
    return till


TheTill = Annotated[Till, Depends(_till)]
