"""The ledger as a file for accountants, for administrators."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from niyat.kernel.auth import Admin
from niyat.kernel.errors import Forbidden, InvalidRequest, Unauthenticated
from niyat.kernel.http import Db, problems
from niyat.payments.export.formats import MEDIA_TYPES, ExportFormat
from niyat.payments.export.write import write_export
from niyat.payments.http.ledger_shapes import From, To
from niyat.payments.http.table import TABLE

router = APIRouter(tags=["ledger"])

CHUNK = 64 * 1024
TEXT = {"schema": {"type": "string"}}
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"text/csv": TEXT, "text/plain": TEXT}}
}


@router.get(
    "/export",
    response_class=StreamingResponse,
    summary="The ledger as a file",
    responses={**FILE, **problems(TABLE, Unauthenticated, Forbidden, InvalidRequest)},
)
async def export_ledger(
    _: Admin,
    db: Db,
    format_: Annotated[ExportFormat, Query(alias="format", description="`beancount`: plain-text accounting")],
    from_day: From = None,
    to_day: To = None,
) -> StreamingResponse:
    """Administrators only. The postings booked on those days, both included; ids, never names.

    The same books give the same bytes.
    """
    if from_day and to_day and from_day > to_day:
        raise InvalidRequest(errors=[{"field": "to", "message": "must not be before `from`"}])
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
    try:
        await write_export(db, file, format_, from_day, to_day)
    except BaseException:
        file.close()
        raise
    return StreamingResponse(
        _chunks(file),
        media_type=MEDIA_TYPES[format_],
        headers={"content-disposition": f'attachment; filename="ledger.{format_}"'},
        background=BackgroundTask(file.close),
    )


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk
