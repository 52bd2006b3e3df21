"""The only table from error to status."""

from __future__ import annotations

from niyat.appointments import errors
from niyat.kernel.http import ErrorTable

TABLE: ErrorTable = {
    errors.SlotNotFound: 404,
    errors.DoctorNotFound: 404,
    errors.ClinicNotFound: 404,
    errors.PlaceNotFound: 404,
    errors.BlockNotFound: 404,
    errors.OverrideNotFound: 404,
    errors.HolidayNotFound: 404,
    errors.AppointmentNotFound: 404,
    errors.CalendarFeedNotFound: 404,
    errors.FamilyMemberNotFound: 404,
    errors.WaitlistEntryNotFound: 404,
    errors.SlotTaken: 409,
    errors.SlotBlocked: 409,
    errors.NoticeTooShort: 409,
    errors.TooFarAhead: 409,
    errors.ConsultationTypeNotOffered: 409,
    errors.AccountIsADoctor: 409,
    errors.PlaceExists: 409,
    errors.BookingsInTheWay: 409,
    errors.NotInTheWay: 409,
    errors.HoldLapsed: 409,
    errors.AppointmentCancelled: 409,
    errors.AlreadyPaid: 409,
    errors.NoPaymentNeeded: 409,
    errors.PaymentRequired: 409,
    errors.IllegalMove: 409,
    errors.AlreadyStarted: 409,
    errors.DearerTime: 409,
    errors.CheckInNotOpen: 409,
    errors.NotStarted: 409,
    errors.NotAVideoVisit: 409,
    errors.NotConfirmed: 409,
    errors.TooEarly: 409,
    errors.RoomClosed: 409,
    errors.VideoNotSetUp: 409,
    errors.VideoUnavailable: 503,
    errors.FamilyMemberOnWaitlist: 409,
    errors.AlreadyOnWaitlist: 409,
    errors.NotOnWaitlist: 409,
    errors.BirthDateAhead: 422,
    errors.DaysAreOver: 422,
    errors.UnknownTimeZone: 422,
    errors.HoursOverlap: 422,
    errors.HolidayCalendarNotFound: 422,
    errors.DayIsOver: 422,
    errors.ReasonRequired: 422,
    errors.ReasonContradicts: 422,
}

SETTLING = (
    errors.NotInTheWay,
    errors.SlotNotFound,
    errors.SlotTaken,
    errors.SlotBlocked,
    errors.NoticeTooShort,
    errors.ConsultationTypeNotOffered,
    errors.AlreadyStarted,
    errors.IllegalMove,
)
"""What keeps a booking from its outcome, and so the whole change from being made."""
