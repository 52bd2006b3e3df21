"""A doctor's statement as PDF: A4 across, with the font in it, in English or Hindi.

The same books give the same bytes: nothing of the moment at which it is asked for goes in.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import fontpkg
from babel.dates import format_date
from fpdf import FPDF, XPos, YPos
from fpdf.fonts import FontFace

from niyat.kernel.local_time import local_time
from niyat.kernel.money import Money
from niyat.payments.receipt_pdf import FONT, MUTED
from niyat.payments.receipt_words import Language
from niyat.payments.statement_queries import Line, Statement
from niyat.payments.statement_words import WORDS

WIDTHS = (24, 42, 66, 25, 25, 22, 26, 27)
SIZE = 8
NUMBERS = ("total", "commission", "tax", "amount", "balance")


def render(statement: Statement, language: Language, time_zone: str) -> bytes:
    """The file. Takes up to seconds for a long period: not for the event loop."""
    words = WORDS[language]
    pdf = FPDF(format="A4", orientation="landscape")
    made = statement.stood_at or datetime.combine(statement.to_day, time(), UTC)
    pdf.set_creation_date(made)
    pdf.set_lang(language)
    period = words["period"].format(
        first=_day(statement.from_day, language), last=_day(statement.to_day, language)
    )
    pdf.set_title(f"{words['statement']}, {period}")
    for style, weight in (("", 400), ("B", 700)):
        pdf.add_font(FONT, style, fontpkg.path(FONT, weight=weight))
    pdf.set_text_shaping(True)
    pdf.set_margin(20)
    pdf.add_page()
    _text(pdf, statement.clinic_name, 13, "B")
    _text(pdf, words["statement"], 20, "B")
    _text(pdf, period, 11)
    if statement.doctor_name:
        _text(pdf, f"{words['doctor']}: {statement.doctor_name}", 11)
    if statement.registration_number:
        _text(pdf, f"{words['registration']}: {statement.registration_number}", 11)
    _text(pdf, f"{words['number']}: {statement.doctor_id}", 9, muted=True)
    pdf.ln(4)
    _table(pdf, statement, language)
    pdf.ln(4)
    stood = words["empty"]
    if statement.stood_at:
        stood = words["stood"].format(at=local_time(statement.stood_at, time_zone, language))
    _text(pdf, stood, 9, muted=True)
    return bytes(pdf.output())


def _table(pdf: FPDF, statement: Statement, language: Language) -> None:
    words = WORDS[language]
    pdf.set_font(FONT, "", SIZE)
    align = ("LEFT", "LEFT", "LEFT", *["RIGHT"] * len(NUMBERS))
    with pdf.table(
        col_widths=WIDTHS,
        text_align=align,
        headings_style=FontFace(emphasis="BOLD"),
        borders_layout="HORIZONTAL_LINES",
        line_height=5,
    ) as table:
        table.row([words["day"], words["kind"], words["reference"], *(words[name] for name in NUMBERS)])
        table.row(_bound(words["opening"], statement.opening, statement.currency))
        for line in statement.lines:
            table.row(_row(line, statement.currency, language))
        bold = FontFace(emphasis="BOLD")
        table.row(_bound(words["closing"], statement.closing, statement.currency), style=bold)


def _row(line: Line, currency: str, language: Language) -> list[str]:
    shared = line.appointment_id is not None
    amounts = (
        line.total if shared else None,
        line.commission if shared else None,
        line.tax if shared else None,
        line.amount,
        line.balance,
    )
    return [
        _day(line.booked_on, language),
        WORDS[language][line.kind],
        str(line.appointment_id or line.payout_id or ""),
        *("" if amount is None else str(Money(amount, currency)) for amount in amounts),
    ]


def _bound(word: str, balance: int, currency: str) -> list[str]:
    return ["", word, *[""] * 5, str(Money(balance, currency))]


def _day(day: date, language: Language) -> str:
    return format_date(day, "d MMM y", locale=f"{language}_IN")


def _text(pdf: FPDF, text: str, size: float, style: str = "", *, muted: bool = False) -> None:
    if not text:
        return
    pdf.set_font(FONT, style, size)
    pdf.set_text_color(MUTED if muted else 0)
    pdf.multi_cell(0, size * 0.6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.set_text_color(0)
