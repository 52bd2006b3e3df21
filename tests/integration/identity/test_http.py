"""The HTTP face as a whole: its description, and what answers without a token."""

from __future__ import annotations

from tests.integration.identity.world import World

GUARDED = [
    ("GET", "/api/v1/accounts/me"),
    ("PATCH", "/api/v1/accounts/me"),
    ("POST", "/api/v1/accounts"),
    ("GET", "/api/v1/accounts/0198c0de-0000-7000-8000-000000000000"),
    ("GET", "/api/v1/auth/sessions"),
    ("DELETE", "/api/v1/auth/sessions/0198c0de-0000-7000-8000-000000000000"),
    ("POST", "/api/v1/auth/sign-out"),
    ("GET", "/internal/accounts/0198c0de-0000-7000-8000-000000000000"),
    ("POST", "/internal/accounts/find"),
]


async def test_without_a_token_nothing_is_told(world: World) -> None:
    for method, path in GUARDED:
        answer = await world.http.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_every_route_is_described(world: World) -> None:
    described = (await world.http.get("/openapi.json")).json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert operation["description"], (method, path)
            success = next(status for status in operation["responses"] if status.startswith("2"))
            if success != "204":
                assert operation["responses"][success]["content"]["application/json"]["schema"], (
                    method,
                    path,
                )
