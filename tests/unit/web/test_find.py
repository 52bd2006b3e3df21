"""Home shows a page of doctors, and asks the services no more for many than for few."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

from tests.support.pages import visitor

DOCTOR = {
    "doctor_id": "0199e0c2-0000-7000-8000-000000000001",
    "name": "Dr. Meera Iyer",
    "specialty": "Dermatology",
    "languages": ["en"],
    "clinic_name": "Clinic",
    "place": "1 Road",
    "fee_amount": 80_000,
    "currency": "INR",
    "time_zone": "Asia/Kolkata",
    "consultations": [{"consultation_type": "VIDEO", "fee_amount": 80_000, "slot_minutes": 20}],
    "first_free_at": None,
}


class Doctors:
    """Two pages of doctors; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if request.url.path.endswith("/choices"):
            return httpx.Response(200, json={"specialties": ["Dermatology"], "languages": ["en"]})
        cursor = request.url.params.get("cursor")
        if cursor not in (None, "second"):
            return httpx.Response(422, json={"code": "invalid-request"})
        page: dict[str, Any] = {"items": [DOCTOR] * 24, "next_cursor": None if cursor else "second"}
        return httpx.Response(200, json=page)


def _link(html: str, words: str) -> str:
    found = re.search(rf'<a class="button[^"]*" href="([^"]+)">(?:(?!</a>).)*{words}', html, re.DOTALL)
    assert found, words
    return unescape(found[1])


async def test_the_next_page_keeps_the_search_and_leads_back() -> None:
    doctors = Doctors()
    async with visitor(doctors) as http:
        first = await http.get("/?name=mee&specialty=Dermatology&free=today")
        assert len(doctors.asked) == 2, "one list and the choices, however many doctors"
        asked = doctors.asked[0].params
        assert (asked["name"], asked["specialty"], asked["limit"]) == ("mee", "Dermatology", "24")
        assert asked["free_before"].endswith("T00:00:00+05:30")
        more = _link(first.text, "More doctors")
        second = await http.get(more)
        asked = doctors.asked[-2].params
        assert (asked["name"], asked["cursor"]) == ("mee", "second")
        assert "More doctors" not in second.text
        assert _link(second.text, "Back to the first") == "/?name=mee&specialty=Dermatology&free=today"


async def test_a_cursor_that_leads_nowhere_begins_anew() -> None:
    async with visitor(Doctors()) as http:
        answer = await http.get("/?cursor=nonsense")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
