"""The routing table against every service's own description: what is served is reachable, and only that."""

from __future__ import annotations

import pytest

from niyat.routing import RULES, service_for


@pytest.mark.parametrize(
    ("method", "path", "service"),
    [
        ("POST", "/appointments", "gateway"),
        ("GET", "/appointments", "appointments"),
        ("POST", "/api/v1/appointments", "gateway"),
        ("POST", "/api/v1/appointments/reserve", "appointments"),
        ("POST", "/api/v1/appointments/0190/confirm", "gateway"),
        ("POST", "/api/v1/appointments/0190/cancel", "appointments"),
        ("PATCH", "/appointments/0190/payment", "gateway"),
        ("PATCH", "/appointments/0190/status", "appointments"),
        ("GET", "/api/v1/doctors", "appointments"),
        ("GET", "/api/v1/doctors/0190", "appointments"),
        ("POST", "/payments/webhook", "payments"),
        ("GET", "/api/v1/paymentsandmore", "gateway"),
        ("GET", "/.well-known/jwks.json", "identity"),
        ("GET", "/", "gateway"),
        ("GET", "/book/dr-iyer", "gateway"),
    ],
)
def test_a_request_goes_to_the_service_that_owns_its_path(method: str, path: str, service: str) -> None:
    assert service_for(method, path) == service


def test_no_rule_gives_out_an_internal_path() -> None:
    assert not [rule for rule in RULES if rule.pattern.match("/internal/appointments/x/secure")]
    assert service_for("POST", "/internal/appointments/x/secure") == "gateway"
