"""Notices that the gateway's webhooks have stopped: after a day of failures it disables them, and says so by mail only.

Silence alone means nothing, for a clinic has quiet hours. Money that we took and that no webhook told of does.
"""

from __future__ import annotations

from datetime import timedelta

from niyat.kernel.log import get_logger
from niyat.payments.parts import Parts

log = get_logger(__name__)

UNHEARD = """
SELECT count(*) AS captures, h.at AS last_webhook_at
FROM (SELECT max(received_at) AS at FROM webhook_events) h,
    payment_attempts a JOIN payment_transactions p USING (payment_id)
WHERE p.gateway <> 'manual' AND a.captured_at > coalesce(h.at, '-infinity')
    AND a.captured_at BETWEEN niyat_now() - interval '1 day' AND niyat_now() - $1::interval
GROUP BY h.at
"""


async def notice_silence(parts: Parts) -> int:
    """Tell staff of captures since the last webhook, once they are old enough to have been told of; how many there are.

    Nothing is lost by it: open orders are asked about in any case. It takes longer, and refunds of the dashboard longer
    still.
    """
    after = timedelta(minutes=parts.settings.webhook_silence_minutes)
    found = await parts.db.fetchrow(UNHEARD, after)
    if found is None:
        return 0
    log.error(
        "money was taken and no webhook told of it: look whether the webhook is disabled at the gateway",
        captures=found["captures"], last_webhook_at=found["last_webhook_at"],
    )  # fmt: skip
    captures: int = found["captures"]
    return captures
