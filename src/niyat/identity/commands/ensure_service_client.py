"""The services' own credentials, from the environment. Setting another secret replaces the old one."""

from __future__ import annotations

from pydantic import SecretStr

from niyat.identity.domain import service_account_id
from niyat.identity.errors import SecretTooShort
from niyat.identity.hashing import plain_hash
from niyat.kernel.db import Connection

SHORTEST_SECRET = 32

UPSERT = """
INSERT INTO service_clients (client_id, account_id, roles, secret_hash) VALUES ($1, $2, '{service}', $3)
ON CONFLICT (client_id) DO UPDATE SET secret_hash = excluded.secret_hash, updated_at = niyat_now()
WHERE service_clients.secret_hash <> excluded.secret_hash
"""


async def ensure_service_client(conn: Connection, name: str, secret: SecretStr) -> None:
    """Let the service `name` get tokens with `secret`. Raises SecretTooShort: it is stored as a plain hash."""
    value = secret.get_secret_value()
    if len(value) < SHORTEST_SECRET:
        raise SecretTooShort(f"The secret of {name} is too short: it needs {SHORTEST_SECRET} characters.")
    await conn.execute(UPSERT, name, service_account_id(name), plain_hash(value))
