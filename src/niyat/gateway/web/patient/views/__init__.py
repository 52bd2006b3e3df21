"""What the patient's templates show: plain values, made by routes from what services answer.

Instants are aware datetimes, money is `Money`; templates format both for the viewer. Text that people wrote
(names, places, reasons) is shown as it came; labels of codes are the templates' business.
"""

from __future__ import annotations

from niyat.gateway.web.patient.views.finding import (
    RELATIONSHIPS,
    Day,
    Doctor,
    DoctorBookingForm,
    Errors,
    FamilyMember,
    Home,
    Mode,
    Offer,
    Profile,
    SignIn,
    Slot,
    Tier,
)
from niyat.gateway.web.patient.views.messages import (
    REMINDER_MINUTES,
    MessageKind,
    Messages,
    Tick,
    Unsubscribing,
)
from niyat.gateway.web.patient.views.moving import Moved, Moving
from niyat.gateway.web.patient.views.visits import (
    Appointment,
    AppointmentDetail,
    AppointmentsList,
    CalendarFeed,
    Cancellation,
    Checkout,
    CheckoutState,
    DoctorProfile,
    GatewayCheckout,
    HostedCheckout,
    Payment,
    PaymentStatus,
    Status,
    Step,
    Trouble,
)

__all__ = [
    "RELATIONSHIPS",
    "REMINDER_MINUTES",
    "Appointment",
    "AppointmentDetail",
    "AppointmentsList",
    "CalendarFeed",
    "Cancellation",
    "Checkout",
    "CheckoutState",
    "Day",
    "Doctor",
    "DoctorBookingForm",
    "DoctorProfile",
    "Errors",
    "FamilyMember",
    "GatewayCheckout",
    "Home",
    "HostedCheckout",
    "MessageKind",
    "Messages",
    "Mode",
    "Moved",
    "Moving",
    "Offer",
    "Payment",
    "PaymentStatus",
    "Profile",
    "SignIn",
    "Slot",
    "Status",
    "Step",
    "Tick",
    "Tier",
    "Trouble",
    "Unsubscribing",
]
