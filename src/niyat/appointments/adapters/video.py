"""Which provider of video rooms the settings name."""

from __future__ import annotations

from pydantic import SecretStr

from niyat.appointments.adapters.daily import DailyRooms
from niyat.appointments.adapters.jitsi import JitsiRooms, as_a_service, own_server
from niyat.appointments.ports import VideoRooms
from niyat.appointments.video_settings import VideoProvider, VideoSettings


def video_rooms(settings: VideoSettings) -> VideoRooms | None:
    """The provider, ready; None where the clinic has no video. The settings have been checked for what it needs."""
    match settings.video_provider:
        case VideoProvider.JITSI:
            url, app_id = str(settings.video_jitsi_url), str(settings.video_jitsi_app_id)
            return JitsiRooms(own_server(url, app_id, _secret(settings.video_jitsi_app_secret)))
        case VideoProvider.JAAS:
            key = _secret(settings.video_jaas_private_key)
            return JitsiRooms(as_a_service(str(settings.video_jaas_key_id), key))
        case VideoProvider.DAILY:
            return DailyRooms(
                _secret(settings.video_daily_api_key),
                settings.video_daily_base_url,
                settings.video_timeout_seconds,
            )
        case None:
            return None


def _secret(given: SecretStr | None) -> str:
    return given.get_secret_value() if given else ""
