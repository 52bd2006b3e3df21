"""What a service's refusal means to a patient, as a sentence in the viewer's language."""

from __future__ import annotations

from niyat.gateway.web.shared.terms import N_
from niyat.gateway.web.site import View
from niyat.kernel.client import Refused

REFUSALS = {
    "slot-taken": N_("Someone else has just taken that time."),
    "slot-blocked": N_("The doctor is not there at that time after all."),
    "slot-not-found": N_("That time is no longer offered."),
    "notice-too-short": N_("That time is too soon to be booked now."),
    "too-far-ahead": N_("That time is too far ahead to be booked yet."),
    "consultation-type-not-offered": N_("That time is not for this way to meet. Choose another time."),
    "dearer-time": N_(
        "That time costs more than your visit did, so it cannot be moved there. Choose another."
    ),
    "family-member-not-found": N_("This person is not in your family's list any more. Choose again."),
    "too-early": N_("You came before the video opened. The way in shows on this page when it does."),
    "room-closed": N_("The visit is over, and its video is closed."),
    "not-a-video-visit": N_("This visit is not by video."),
    "not-confirmed": N_("This visit was not confirmed yet, so its video was not open."),
    "video-not-set-up": N_("The clinic has no video rooms. Please speak to the clinic."),
    "appointment-cancelled": N_("This visit was cancelled."),
    "hold-lapsed": N_("The hold ran out."),
    "already-started": N_("The visit has already begun. To cancel it now, please speak to the clinic."),
    "too-many-requests": N_("Too many tries. Please wait a few minutes, then try again."),
    "address-taken": N_("Someone signs in with this address already. Use another one."),
    "account-disabled": N_("This account is closed. Please ask the clinic."),
    "payment-provider-refused": N_("The payment could not be begun. Please try again in a moment."),
}
# Why a payment failed, by the gateway's reason. For another reason its own sentence is shown.
FAILURES = {
    "insufficient-funds": N_("The account had too little money in it."),
    "payment-declined": N_("Your bank declined it."),
    "card-declined": N_("Your bank declined it."),
    "payment-cancelled": N_("It was cancelled before it was finished."),
    "payment-timed-out": N_("It was not finished in time."),
    "incorrect-otp": N_("The one-time password was not right."),
    "incorrect-pin": N_("The PIN was not right."),
    "incorrect-cvv": N_("The security code of the card was not right."),
    "card-expired": N_("The card has expired."),
    "bank-technical-error": N_("Your bank could not be reached."),
    "gateway-technical-error": N_("Your bank could not be reached."),
}
UNREACHABLE = N_("We cannot reach the clinic right now. Nothing was lost; please try again in a moment.")


def said(view: View, error: Refused) -> str:
    """The sentence; what has none of ours is said as the service says it."""
    known = REFUSALS.get(error.code)
    return view.gettext(known) if known else str(error.problem.get("detail", error.code))
