"""Writes an export into a file. It is complete before anybody reads it: a slow reader holds no snapshot open, and
an error is an error, not half a file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from typing import BinaryIO

from niyat.kernel.db import Database
from niyat.payments.export.as_beancount import as_beancount
from niyat.payments.export.as_csv import as_csv
from niyat.payments.export.formats import ExportFormat
from niyat.payments.export.read import Books, read_books

WRITERS: Mapping[ExportFormat, Callable[[Books], AsyncIterator[str]]] = {
    ExportFormat.CSV: as_csv,
    ExportFormat.BEANCOUNT: as_beancount,
}


async def write_export(
    db: Database, out: BinaryIO, format_: ExportFormat, from_day: date | None, to_day: date | None
) -> None:
    """Write the postings booked on those days, both included, to `out`: the same bytes while the books are the same."""
    async with read_books(db, from_day, to_day) as books:
        async for text in WRITERS[format_](books):
            out.write(text.encode())
