"""What the ledger can be written as."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """`csv` for a spreadsheet, `beancount` for plain-text accounting."""

    CSV = "csv"
    BEANCOUNT = "beancount"


MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.BEANCOUNT: "text/plain; charset=utf-8",
}
