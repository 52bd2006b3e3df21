"""Routes of notifications: `notifications.py` for people and staff, `codes.py` for identity."""

from niyat.notifications.http.codes import internal
from niyat.notifications.http.common import ERRORS
from niyat.notifications.http.notifications import router

__all__ = ["ERRORS", "internal", "router"]
