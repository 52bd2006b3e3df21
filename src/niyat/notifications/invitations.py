"""The visit for the patient's own calendar, with the mail that tells of it (RFC 6047).

What every message says of a visit is one calendar entry for ever: the same UID as in the files and feeds, and a
SEQUENCE that rises with each move and once more when it is cancelled. So a later one replaces an earlier one.
"""

from __future__ import annotations

from email.utils import parseaddr

from niyat.kernel.calendar import CalendarEvent, EventStatus, Party, invitation
from niyat.notifications.domain import NotificationType
from niyat.notifications.facts import visit_name
from niyat.notifications.ports import Account, AppointmentView, Invitation

_T = NotificationType
INVITED_BY = {
    _T.APPOINTMENT_CONFIRMED: EventStatus.CONFIRMED,
    _T.APPOINTMENT_RESCHEDULED: EventStatus.CONFIRMED,
    _T.APPOINTMENT_CANCELLED: EventStatus.CANCELLED,
}
DETAILS = {"en": "Details and changes: {}", "hi": "विवरण और बदलाव: {}"}
SUMMARY = {"en": "{visit} with {doctor}", "hi": "{doctor} के साथ {visit}"}


def invitation_for(
    kind: NotificationType,
    *,
    account: Account,
    appointment: AppointmentView,
    was_confirmed: bool,
    sender: str,
    site_url: str,
    language: str,
) -> Invitation | None:
    """What goes with a message of this kind; None where it says nothing to a calendar.

    A visit that never stood was never in the calendar, so its end is not told there either. Calendars are shared:
    no reason for the visit and no link to a room, only our own page.
    """
    status = INVITED_BY.get(kind)
    if status is None or account.email is None or appointment.updated_at is None:
        return None
    if status is EventStatus.CANCELLED and not was_confirmed:
        return None
    page = f"{site_url}/my/appointments/{appointment.appointment_id}"
    where = {
        "VIDEO": page,
        "IN_PERSON": ", ".join(filter(None, (appointment.clinic_name, appointment.place))),
    }
    told = language if language in SUMMARY else "en"
    event = CalendarEvent(
        appointment_id=appointment.appointment_id,
        revision=appointment.revision,
        status=status,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        changed_at=appointment.updated_at,
        summary=SUMMARY[told].format(
            visit=visit_name(appointment.consultation_type, told), doctor=appointment.doctor_name
        ),
        description=DETAILS[told].format(page),
        location=where.get(appointment.consultation_type, ""),
        url=page,
    )
    name, address = parseaddr(sender)
    method, content = invitation(
        event,
        organizer=Party(address, appointment.clinic_name or name),
        attendee=Party(account.email, account.name or account.email),
    )
    return Invitation(method, content)
