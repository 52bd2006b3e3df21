"""Who may see a doctor's money: that doctor, and administrators. To anybody else the doctor is not there."""

from __future__ import annotations

from uuid import UUID

from niyat.kernel.auth import Principal
from niyat.payments.errors import DoctorNotFound
from niyat.payments.parts import Parts


async def is_theirs(parts: Parts, who: Principal, doctor_id: UUID) -> bool:
    """Whether `who` may see the money of this doctor; appointments knows whose account a doctor is.

    Raises ServiceUnavailable.
    """
    if who.has("admin"):
        return True
    if not who.has("doctor"):
        return False
    try:
        return await parts.appointments.doctor_account(doctor_id) == who.account_id
    except DoctorNotFound:
        return False


async def see(parts: Parts, who: Principal, doctor_id: UUID) -> None:
    """Raises DoctorNotFound unless `who` may see the money of this doctor; ServiceUnavailable."""
    if not await is_theirs(parts, who, doctor_id):
        raise DoctorNotFound
