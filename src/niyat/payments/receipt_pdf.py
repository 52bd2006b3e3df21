"""A receipt or a refund note as PDF: A4, with the font in it, in English or Hindi.

The same receipt gives the same bytes to whoever reads the same language by the same clocks: dates are those of the
receipt, the file's id is made from its content, and nothing else of the moment goes in. A note whose refund failed
after all says so; that alone changes it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import fontpkg
from fpdf import FPDF, XPos, YPos

from niyat.kernel.local_time import clocks_of_visit, local_time
from niyat.kernel.money import Money
from niyat.payments.receipt_words import WORDS, Language

FONT = "Mukta"
"""Latin, Devanagari and ₹ in one family of plain (not variable) files."""
LABEL_WIDTH = 55
MUTED = 90

# It names every character that a font lacks, which may be part of somebody's name.
logging.getLogger("fpdf").setLevel(logging.ERROR)


def render(receipt: dict[str, Any], language: Language, time_zone: str | None = None) -> bytes:
    """The file, which tells the visit's time by the reader's `time_zone`, the doctor's if that is not known.

    What was paid and issued is told by the clinic's clocks, which decide the books' day and the number's year.
    `receipt` is what `receipt_queries` finds. Takes tens of milliseconds: not for the event loop.
    """
    page = _Page(receipt, language, time_zone)
    pdf = FPDF(format="A4")
    pdf.set_creation_date(receipt["issued_at"])
    pdf.set_lang(language)
    pdf.set_title(f"{page.words[page.kind]} {receipt['number']}")
    for style, weight in (("", 400), ("B", 700)):
        pdf.add_font(FONT, style, fontpkg.path(FONT, weight=weight))
    pdf.set_text_shaping(True)
    pdf.set_margin(20)
    pdf.add_page()
    _head(pdf, page)
    _rows(pdf, page.facts())
    pdf.ln(4)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
    pdf.ln(4)
    _rows(pdf, page.money(), align="R")
    total = page.words["total-back" if page.kind == "note" else "total"]
    _rows(pdf, iter([(total, page.amount(receipt["amount"]))]), align="R", style="B", size=13)
    pdf.ln(8)
    _small(pdf, page.words["inside"] if receipt["tax_lines"] else receipt["exemption"])
    _small(pdf, page.words["made"].format(at=page.instant(receipt["issued_at"])))
    return bytes(pdf.output())


class _Page:
    """What is on the page, in words."""

    def __init__(self, receipt: dict[str, Any], language: Language, time_zone: str | None) -> None:
        self.receipt = receipt
        self.language = language
        self.time_zone = time_zone
        self.words = WORDS[language]
        self.kind = receipt["kind"]

    def instant(self, at: datetime) -> str:
        return local_time(at, self.receipt["clinic_time_zone"], self.language)

    def visit(self) -> str:
        said = self.receipt
        zone = clocks_of_visit(said["consultation_type"], said["time_zone"], self.time_zone)
        return local_time(said["starts_at"], zone, self.language)

    def amount(self, minor: int) -> str:
        return str(Money(minor, self.receipt["currency"]))

    def facts(self) -> Iterator[tuple[str, str]]:
        said, words, note = self.receipt, self.words, self.kind == "note"
        yield words["number"], said["number"]
        yield words["refunded-at" if note else "paid-at"], self.instant(said["happened_at"])
        if note:
            yield words["of-receipt"], said["receipt_number"]
        holder = words["account"].format(account_id=said["account_id"])
        yield words["payee" if note else "payer"], holder
        service = words.get(said["consultation_type"], said["consultation_type"])
        yield words["service"], f"{service} ({said['service_code']})" if said["service_code"] else service
        yield words["doctor"], said["doctor_name"]
        if said["registration_number"]:
            yield words["registration"], said["registration_number"]
        yield words["visit"], self.visit()
        method = words.get(said["method"] or "other", words["other"])
        yield words["method"], words["at-desk"].format(method=method) if said["at_desk"] else method
        if said["reference"]:
            yield words["reference"], said["reference"]
        if said["order_id"]:
            yield words["order"], said["order_id"]

    def money(self) -> Iterator[tuple[str, str]]:
        for line in self.receipt["tax_lines"] and [
            (self.words["taxable"], self.receipt["taxable_amount"]),
            *((f"{line['name']} {line['percent']}%", line["amount"]) for line in self.receipt["tax_lines"]),
        ]:
            yield line[0], self.amount(line[1])


def _head(pdf: FPDF, page: _Page) -> None:
    said = page.receipt
    pdf.set_font(FONT, "B", 15)
    pdf.multi_cell(0, 8, said["clinic_name"], new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for text in (
        said["clinic_address"],
        said["tax_number"] and f"{page.words['tax-number']} {said['tax_number']}",
    ):
        if text:
            _small(pdf, text)
    pdf.ln(8)
    pdf.set_font(FONT, "B", 22)
    pdf.multi_cell(0, 12, page.words[page.kind], new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if said["voided_at"]:
        pdf.set_font(FONT, "B", 11)
        pdf.multi_cell(
            0, 7, page.words["void"].format(at=page.instant(said["voided_at"])), border=1,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
    pdf.ln(4)


def _rows(
    pdf: FPDF, rows: Iterator[tuple[str, str]], *, align: str = "L", style: str = "", size: int = 11
) -> None:
    for label, value in rows:
        pdf.set_font(FONT, style, size)
        pdf.set_text_color(0 if style else MUTED)
        pdf.cell(LABEL_WIDTH, 7, label)
        pdf.set_text_color(0)
        pdf.multi_cell(0, 7, value, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _small(pdf: FPDF, text: str) -> None:
    pdf.set_font(FONT, "", 9.5)
    pdf.set_text_color(MUTED)
    pdf.multi_cell(0, 5.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_text_color(0)
