"""The sixty ways in which booking and paying goes wrong, and what has to happen then.

`docs/failure-modes.md` says which test shows each; tests say it themselves: `@pytest.mark.failure_row(19)`.
"""

from __future__ import annotations

from collections.abc import Mapping

ROWS: Mapping[int, tuple[str, str]] = {
    1: ("Captured after the hold expired, slot free", "Taken again atomically, confirmed"),
    2: ("The same, slot taken", "Refunded in full once; the patient is told, with other times"),
    3: ("Webhook before callback", "The same transition; the callback then reads confirmed"),
    4: ("Callback, webhook never", "Verified and fetched; confirmed"),
    5: ("Neither (tab closed)", "The order's payments are polled; confirmed or released"),
    6: ("Duplicate event id", "Unique row; 200; no effect"),
    7: ("The same fact by different events (captured, order.paid)", "The second does nothing, by payment id"),
    8: ("Captured before authorized", "Facts only move forward; the late one is ignored"),
    9: ("Failed, then captured", "Accepted; failed is not terminal"),
    10: ("Failed, then authorized days later", "Slot valid: captured; else not captured, or refunded"),
    11: ("Amount or currency differ", "Never confirmed; set aside, told to staff, refunded if taken"),
    12: ("A payment that belongs to another order", "Rejected; the stored order id is what counts"),
    13: ("A genuine signature replayed for another booking", "Looked up by order and account; 409"),
    14: ("Forged, missing, non-ASCII signature", "4xx, no change, no 500"),
    15: ("Body serialised again before its signature is checked", "Raw bytes only"),
    16: ("Secret rotated", "The current one and the previous one count"),
    17: ("Test event to the live endpoint", "Own keys; another account's events are rejected"),
    18: ("Two payments captured for one booking", "The first is kept, the other refunded"),
    19: ("Creating an order timed out", "Searched by receipt and adopted; one order per payment"),
    20: ("A capture timed out", "The payment is fetched, then decided"),
    21: ("A refund timed out", "Same key, same body; on 409 wait and fetch"),
    22: ("Refund of a refund, double click", "One intent; the second request returns the first"),
    23: ("Partial refunds exceed the total", "Row lock; pending and processed never exceed captured"),
    24: ("A refund failed", "Owed again, told to staff; made anew or paid by hand; postings reversed"),
    25: ("A processed refund fails later", "A posting that reverses it, never an edit"),
    26: ("A refund made in the dashboard", "Imported by refund id, the booking adjusted"),
    27: ("A payment older than six months", "An instant refund is tried, else it is owed and paid by hand"),
    28: ("The balance does not cover a refund", "Queued, told to staff, tried again under the same key"),
    29: ("A dispute is opened", "Refund and the doctor's payout freeze; evidence before respond_by"),
    30: ("A dispute is lost after a refund", "The loss is recorded once; the double loss is flagged"),
    31: ("Crash between commit and publication", "Outbox in the same transaction; a relay that goes on"),
    32: ("An event stored, its job not started", "What is not worked off is swept up; no need of the sender"),
    33: ("Crash after sending, before noting it", "Stable key; asked of the provider; a rare duplicate"),
    34: ("Two workers, one job", "Lease and fencing; conditional update"),
    35: ("Poison message", "Bounded tries, dead letter, the others go on; replay"),
    36: ("The endpoint is slow (more than five seconds)", "Insert, 200, the rest later"),
    37: ("The webhook was disabled", "Staff are told of the silence; made up for by asking"),
    38: (
        "The gateway answers 5xx, HTML, 429",
        "Unknown, as a type; waits with jitter; left alone after five in a row; never taken for failed",
    ),
    39: ("Double click on book", "Idempotency key and unique slot"),
    40: ("Two devices or patients, one slot", "Exclusion constraint; the loser gets 409"),
    41: ("Expiry races a capture", "Both lock; expiry passes over secured ones and waits for nobody"),
    42: ("The patient cancels while paying", "The cancellation wins; a later capture is refunded"),
    43: (
        "A doctor blocks time that has bookings",
        "They are listed; moved or refunded in full; never silent",
    ),
    44: ("A move at another price", "The difference is settled; same UID, SEQUENCE + 1"),
    45: ("Clock skew", "The database's time decides about holds, no process's own"),
    46: (
        "Clock changes, a zone's rules change",
        "UTC and IANA zone stored; each doubled or missing hour decided; what is booked stays",
    ),
    47: ("Naive time, wrong boundary of a day", "Zones everywhere; the gateway's times are UTC epochs"),
    48: ("A reminder after a cancellation", "Asked once more before it is sent"),
    49: ("Messages reordered", "Sequence per booking; the cancellation after the invitation"),
    50: ("Text message undelivered, token dead, bounce", "Another channel, suppressed, recorded"),
    51: ("A provider is down all day", "Reminders that are over are dropped; no flood"),
    52: ("Codes tried by force, text messages pumped", "Limits by address, IP and country"),
    53: ("A payout is stuck or reversed", "Same key; asked for days; the doctor is credited again"),
    54: ("The settlement is not the ledger", "Daily reconciliation by entity id; suspense"),
    55: ("Floats and rounding in shares", "Integer paise; one rule for the remainder; shares are the whole"),
    56: ("A refund after the doctor was paid", "The doctor owes it, by the ledger"),
    57: ("Price or policy changed meanwhile", "Those of the hold count"),
    58: ("Personal data or secrets in logs and notes", "Opaque ids only; masked"),
    59: ("A database restored to yesterday's state", "Replayed from the gateway by time; once"),
    60: ("An impossible transition arrives", "Stored and ignored; the batch goes on"),
}
"""Failure, required behaviour."""

OPEN: Mapping[int, str] = {
    59: "needs the replay of a day from the gateway, which comes with the proof of restoring",
}
"""Rows that no test shows yet, and why. Whoever shows one takes it out of here."""
