"""What one is told, by which way and when: a form over notifications' preferences, which decides what is allowed.

A row of the form stands for several types. Whoever leaves its tick as it was changes none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from niyat.gateway.web.patient import views as v
from niyat.gateway.web.patient.preferences import zones_for
from niyat.gateway.web.patient.words import UNREACHABLE, said
from niyat.gateway.web.session import own_form
from niyat.gateway.web.shared.page import Toast
from niyat.gateway.web.shared.terms import N_
from niyat.gateway.web.site import SignInFirst, View, page, redirect
from niyat.kernel.client import Refused
from niyat.kernel.errors import ServiceUnavailable

Json = dict[str, Any]

PATH = "/account/messages"
SAVED = "saved"
TEXT_VERSION = "2026-11-22"
"""Of the page's words, kept with each consent: a new date with every change of what they say."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "reminders": ("APPOINTMENT_REMINDER",),
    "confirmed": ("APPOINTMENT_CONFIRMED", "APPOINTMENT_RESERVED"),
    "changes": ("APPOINTMENT_CANCELLED", "APPOINTMENT_RESCHEDULED", "APPOINTMENT_NO_SHOW"),
    "money": (
        "PAYMENT_RECEIPT", "PAYMENT_FAILED", "REFUND_INITIATED", "REFUND_COMPLETED",
        "PAYMENT_NOT_TAKEN", "REFUND_FAILED",
    ),
    "waitlist": ("WAITLIST_OFFERED", "WAITLIST_OFFER_LAPSED"),
}  # fmt: skip
"""By row; the first type of each is the one whose state it shows."""

NO_TIMES = N_("Choose one to five times, each between 5 minutes and 14 days before.")
WRONG = {
    "choices": N_("Keep at least one way to hear that a visit is confirmed."),
    "quiet_hours": N_("Give a beginning and an end, different ones and at most 16 hours apart."),
    "reminder_offsets_minutes": NO_TIMES,
}


@page
async def messages(view: View) -> Response:
    toasts = (Toast(text=view.gettext("Saved.")),) if SAVED in view.request.query_params else ()
    return _show(view, _form(await _preferences(view)), toasts=toasts)


@page
async def change(view: View) -> Response:
    fields = await own_form(view.request)
    current = await _preferences(view)
    errors: dict[str, str] = {}
    minutes = _minutes(fields)
    if minutes is None:
        errors["reminder_offsets_minutes"] = view.gettext(NO_TIMES)
    else:
        wish = _wish(fields, current, minutes)
        try:
            await (await view.caller()).call("notifications", "PUT", _path(view), wish)
        except (Refused, ServiceUnavailable) as error:
            errors = _wrong(view, error)
        else:
            return redirect(f"{PATH}?{SAVED}=1")
    return _show(view, _typed(fields, current, errors), status=422)


def _path(view: View) -> str:
    return f"/api/v1/notifications/preferences/{view.signed_in(PATH).account_id}"


async def _preferences(view: View) -> Json:
    path = _path(view)
    try:
        found: Json = await (await view.caller()).call("notifications", "GET", path)
    except Refused as error:
        if error.status == 401:
            raise SignInFirst(PATH) from error
        raise
    return found


def _form(found: Json) -> v.Messages:
    quiet = found["quiet_hours"] or {"starts": "", "ends": ""}
    offsets = found["reminder_offsets_minutes"]
    return v.Messages(
        kinds=tuple(_kinds(found)),
        reminders=tuple(each for each in v.REMINDER_MINUTES if each in offsets),
        other_reminders=", ".join(str(each) for each in offsets if each not in v.REMINDER_MINUTES),
        quiet_from=quiet["starts"],
        quiet_to=quiet["ends"],
        language=found["language"] or "",
        time_zone=found["time_zone"] or "",
    )


def _kinds(found: Json, ticked: Mapping[str, str] | None = None) -> Iterable[v.MessageKind]:
    """As they stand, or as they were `ticked` in a form that was refused."""
    choices = {(each["type"], each["channel"]): each for each in found["choices"]}
    for name, types in KINDS.items():
        known = [kind for kind in types if (kind, "EMAIL") in choices]
        if known:
            ticks = []
            for channel in found["channels"]:
                lead = choices[known[0], channel]
                checked = lead["enabled"] if ticked is None else f"{name}-{channel}" in ticked
                fixed = not lead["can_be_refused"]
                ticks.append(v.Tick(channel=channel, checked=checked or fixed, fixed=fixed))
            yield v.MessageKind(name=name, ticks=tuple(ticks))


def _wish(fields: Mapping[str, str], current: Json, minutes: list[int]) -> Json:
    starts, ends = fields.get("quiet_from", "").strip(), fields.get("quiet_to", "").strip()
    return {
        "choices": _choices(fields, current),
        "language": fields.get("language") or None,
        "time_zone": fields.get("time_zone") or None,
        "quiet_hours": {"starts": starts, "ends": ends} if starts or ends else None,
        "reminder_offsets_minutes": minutes,
        "consent_text_version": TEXT_VERSION,
    }


def _choices(fields: Mapping[str, str], current: Json) -> list[Json]:
    """What was chosen before stays, and what was ticked otherwise now is chosen."""
    chosen = {(c["type"], c["channel"]): c["enabled"] for c in current["choices"] if c["chosen"]}
    refusable = {(c["type"], c["channel"]) for c in current["choices"] if c["can_be_refused"]}
    for kind in _kinds(current):
        for tick in kind.ticks:
            wanted = f"{kind.name}-{tick.channel}" in fields
            if not tick.fixed and wanted != tick.checked:
                behind = {(each, tick.channel) for each in KINDS[kind.name]} & refusable
                chosen |= dict.fromkeys(behind, wanted)
    return [{"type": kind, "channel": channel, "enabled": on} for (kind, channel), on in chosen.items()]


def _minutes(fields: Mapping[str, str]) -> list[int] | None:
    """What was ticked and what was written; None where something else than minutes was written."""
    written = fields.get("other_reminders", "").replace(",", " ").split()
    if not all(each.isdecimal() and len(each) <= 6 for each in written):
        return None
    ticked = [each for each in v.REMINDER_MINUTES if f"reminder-{each}" in fields]
    return sorted({*ticked, *map(int, written)}, reverse=True)


def _typed(fields: Mapping[str, str], current: Json, errors: v.Errors) -> v.Messages:
    return v.Messages(
        kinds=tuple(_kinds(current, fields)),
        reminders=tuple(each for each in v.REMINDER_MINUTES if f"reminder-{each}" in fields),
        other_reminders=fields.get("other_reminders", ""),
        quiet_from=fields.get("quiet_from", ""),
        quiet_to=fields.get("quiet_to", ""),
        language=fields.get("language", ""),
        time_zone=fields.get("time_zone", ""),
        errors=errors,
    )


def _wrong(view: View, error: Refused | ServiceUnavailable) -> v.Errors:
    if isinstance(error, ServiceUnavailable):
        return {"form": view.gettext(UNREACHABLE)}
    named = {str(one.get("field", "")).partition(".")[0] for one in error.problem.get("errors", ())}
    return {field: view.gettext(WRONG[field]) for field in WRONG if field in named} or {
        "form": said(view, error)
    }


def _show(view: View, form: v.Messages, status: int = 200, toasts: tuple[Toast, ...] = ()) -> Response:
    return view.answer(
        "patient/messages.html",
        status=status,
        page=view.page(path=PATH, toasts=toasts),
        messages=form,
        zones=zones_for(view),
    )


routes = [Route(PATH, messages), Route(PATH, change, methods=["POST"])]
