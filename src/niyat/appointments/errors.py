"""Why appointments refuses. `http.TABLE` gives each its status."""

from __future__ import annotations

from collections.abc import Sequence

from niyat.appointments.hit import Hit
from niyat.kernel.errors import NiyatError


class SlotTaken(NiyatError):
    """Somebody else has just taken this time; please choose another."""


class SlotBlocked(NiyatError):
    """The doctor is not available at this time; please choose another."""


class NoticeTooShort(NiyatError):
    """This time is too soon to be booked; please choose a later one."""


class TooFarAhead(NiyatError):
    """This time is too far ahead to be booked yet; please choose an earlier one."""


class ConsultationTypeNotOffered(NiyatError):
    """The doctor does not offer this type of consultation at this time; please choose another type or time."""


class SlotNotFound(NiyatError):
    """There is no such slot; load the free times again."""


class DoctorNotFound(NiyatError):
    """There is no such doctor."""


class ClinicNotFound(NiyatError):
    """There is no such clinic."""


class PlaceNotFound(NiyatError):
    """There is no such place in the doctor's clinic."""


class PlaceExists(NiyatError):
    """The clinic already has a place of this name."""


class AppointmentNotFound(NiyatError):
    """There is no such appointment, or it is not yours."""


class CalendarFeedNotFound(NiyatError):
    """There is no such calendar feed: its address was revoked or replaced; make a new one."""


class NotAVideoVisit(NiyatError):
    """This visit is not by video, so it has no video room."""


class NotConfirmed(NiyatError):
    """This visit is not confirmed yet."""


class TooEarly(NiyatError):
    """The video room is not open yet; come back when it opens."""


class RoomClosed(NiyatError):
    """The visit is over, and its video room is closed."""


class VideoNotSetUp(NiyatError):
    """This clinic has no video rooms; please speak to the clinic."""


class VideoUnavailable(NiyatError):
    """The video service does not answer; try again in a moment."""


class AccountIsADoctor(NiyatError):
    """This account already belongs to a doctor."""


class UnknownTimeZone(NiyatError):
    """This time zone is not known; use an IANA name such as Asia/Kolkata."""


class HoursOverlap(NiyatError):
    """Two windows of one day overlap; join them into one."""


class BookingsInTheWay(NiyatError):
    """There are bookings within this time; say for each whether it is cancelled or moved."""

    def __init__(self, hits: Sequence[Hit] = ()) -> None:
        self.hits = hits
        missing = [str(hit.appointment_id) for hit in hits if hit.outcome == "needed"]
        super().__init__(appointment_ids=missing, bookings=[hit.as_json() for hit in hits])


class NotInTheWay(NiyatError):
    """A booking that you name is not touched by this change; look at the preview again."""


class BlockNotFound(NiyatError):
    """There is no such block, or it is not yours."""


class OverrideNotFound(NiyatError):
    """The doctor has no other hours on this day."""


class HolidayNotFound(NiyatError):
    """The clinic is not closed on this day."""


class HolidayCalendarNotFound(NiyatError):
    """No holidays are known for this country or its subdivision; use ISO 3166 codes, such as IN and KA."""


class DayIsOver(NiyatError):
    """This day is over; choose today or a later one."""


class HoldLapsed(NiyatError):
    """The time to complete this booking is over; please choose a time again."""


class AppointmentCancelled(NiyatError):
    """This appointment was cancelled."""


class AlreadyPaid(NiyatError):
    """A payment for this appointment has already been received; please do not pay again."""


class NoPaymentNeeded(NiyatError):
    """This visit is free; it is confirmed without a payment."""


class PaymentRequired(NiyatError):
    """This visit has to be paid to be confirmed; start a payment."""


class IllegalMove(NiyatError):
    """The appointment's state does not allow that."""


class ReasonRequired(NiyatError):
    """An admin says why: give a reason."""


class AlreadyStarted(NiyatError):
    """The visit's time has already come, so it can no longer be changed here; speak to the clinic."""


class DearerTime(NiyatError):
    """This time costs more than your visit did; cancel and book it anew, or ask the clinic to move it."""


class ReasonContradicts(NiyatError):
    """This reason says that the other party did not come; say which of the two it was."""


class CheckInNotOpen(NiyatError):
    """You can check in shortly before your visit, and until it ends."""


class NotStarted(NiyatError):
    """The visit's time has not come yet."""


class FamilyMemberNotFound(NiyatError):
    """There is no such family member, or they are not of your family."""


class FamilyMemberOnWaitlist(NiyatError):
    """You are on a doctor's waitlist for this family member; leave it first."""


class BirthDateAhead(NiyatError):
    """This birth date has not come yet."""


class WaitlistEntryNotFound(NiyatError):
    """There is no such entry of a waitlist, or it is not yours."""


class AlreadyOnWaitlist(NiyatError):
    """You are on this doctor's waitlist already; leave it first if you want to wait for something else."""


class NotOnWaitlist(NiyatError):
    """This wait is over already."""


class DaysAreOver(NiyatError):
    """The latest day is in the past already; choose a later one."""
