"""A receipt as `receipt_queries` finds it, and what somebody reads on its paper."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any
from uuid import UUID

from pypdf import PdfReader

from niyat.payments.receipt_pdf import render
from niyat.payments.receipt_words import Language


def receipt(starts_at: datetime, *, happened_at: datetime, **more: Any) -> dict[str, Any]:
    """Of a visit by video to a doctor in Kolkata, at a clinic in Kolkata."""
    return {
        "kind": "receipt",
        "number": "2026-27/R/000123",
        "receipt_number": None,
        "account_id": UUID(int=1),
        "amount": 50_000,
        "currency": "INR",
        "taxable_amount": 50_000,
        "tax_lines": [],
        "exemption": "Exempt",
        "happened_at": happened_at,
        "issued_at": happened_at,
        "voided_at": None,
        "clinic_name": "Sunrise Clinic",
        "clinic_address": "12 MG Road",
        "clinic_time_zone": "Asia/Kolkata",
        "tax_number": None,
        "service_code": "999312",
        "doctor_name": "Dr Meera Rao",
        "registration_number": "KMC 12345",
        "consultation_type": "VIDEO",
        "starts_at": starts_at,
        "time_zone": "Asia/Kolkata",
        "method": "upi",
        "at_desk": False,
        "reference": "pay_1",
        "order_id": "order_1",
        **more,
    }


def text_of(pdf: bytes) -> str:
    """What is on the first page, in one line."""
    return " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())


def on_paper(paper: dict[str, Any], language: Language, time_zone: str | None = None) -> str:
    """What somebody reads of it in their language, by their clocks."""
    return text_of(render(paper, language, time_zone))
