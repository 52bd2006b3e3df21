"""Makes the four databases and their roles, on the PostgreSQL that comes with Niyat or on yours.

Each service's database has an owner that migrates it and a role for the service, which may use the rows and
change nothing else; a table that only grows revokes more (`REVOKE UPDATE, DELETE ON … FROM appointments`).
`niyat_audit` reads every database. Nobody else can connect, so no service reads another's data.
Everything here may run again and again; passwords are set anew each time.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812
from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Composable, Identifier, Literal

from niyat.kernel.errors import NiyatError
from niyat.kernel.private_file import write_private

# Service → database. The service's name is also its role's.
DATABASES = {
    "identity": "identity_db",
    "appointments": "appointment_db",
    "payments": "payment_db",
    "notifications": "notification_db",
}
AUDIT_ROLE = "niyat_audit"
POSTGRES_MAJOR = 18
PROVISION_LOCK = 6419001


class UnsupportedPostgres(NiyatError):
    """Niyat needs PostgreSQL 18."""


def owner_role(service: str) -> str:
    """`appointment_db` belongs to `appointment_owner`."""
    return DATABASES[service].removesuffix("_db") + "_owner"


@dataclass(frozen=True)
class Credentials:
    """The password of every role. The caller keeps them; on disk they are readable by their owner only."""

    passwords: Mapping[str, str] = field(repr=False)

    @classmethod
    def generate(cls) -> Credentials:
        return cls({role: secrets.token_urlsafe(24) for role in _roles()})

    @classmethod
    def load_or_create(cls, path: Path) -> Credentials:
        """Read `path`; passwords that are missing are made and saved there with mode 0600."""
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        complete = {**cls.generate().passwords, **known}
        if complete != known:
            write_private(path, json.dumps(complete, indent=1))
        return cls(complete)

    def url(self, server_url: str, role: str, database: str) -> str:
        """`server_url` with another role and database; host, port and options stay."""
        parts = urlsplit(server_url)
        where = parts.netloc.rpartition("@")[2]
        who = f"{quote(role, safe='')}:{quote(self.passwords[role], safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{where}", path=f"/{quote(database, safe='')}"))


@dataclass(frozen=True)
class ServiceUrls:
    """How to reach one service's database: as its owner, as the service, and to read it for the audit."""

    migration: str = field(repr=False)
    app: str = field(repr=False)
    audit: str = field(repr=False)


def provision(admin_url: str, credentials: Credentials) -> dict[str, ServiceUrls]:
    """Make what is missing on the server at `admin_url` and say how each service reaches its database.

    `admin_url` is a superuser's, or that of a role with CREATEDB and CREATEROLE.
    Raises UnsupportedPostgres for another major version.
    """
    with administer(admin_url) as admin:
        make_roles(admin, credentials)
        for service, database in DATABASES.items():
            make_database(admin, service, database)
    urls = {service: service_urls(admin_url, credentials, service) for service in DATABASES}
    for service, of in urls.items():
        grant_inside(of.migration, service)
    return urls


def service_urls(
    server_url: str, credentials: Credentials, service: str, database: str | None = None
) -> ServiceUrls:
    """The URLs of `service`, on its own database or on a copy of it."""
    name = database or DATABASES[service]
    return ServiceUrls(
        migration=credentials.url(server_url, owner_role(service), name),
        app=credentials.url(server_url, service, name),
        audit=credentials.url(server_url, AUDIT_ROLE, name),
    )


@contextmanager
def administer(admin_url: str) -> Iterator[Connection]:
    """A connection in autocommit that alone may provision the server. Raises UnsupportedPostgres."""
    with closing(psycopg2.connect(admin_url)) as admin:
        admin.autocommit = True
        check_version(admin)
        while not _fetch(admin, "SELECT pg_try_advisory_lock(%s)", PROVISION_LOCK):
            time.sleep(0.1)
        yield admin


def check_version(conn: Connection) -> None:
    major = conn.server_version // 10000
    if major != POSTGRES_MAJOR:
        raise UnsupportedPostgres(
            f"Niyat needs PostgreSQL {POSTGRES_MAJOR}; the server at {conn.info.host} is PostgreSQL {major}."
            " Upgrade it, or give another one in NIYAT_POSTGRES_URL."
        )


def make_roles(admin: Connection, credentials: Credentials) -> None:
    """Make every role, and set its password. Only its SCRAM verifier is sent, so no log has it."""
    for role in _roles():
        if not _fetch(admin, "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)", role):
            _execute(admin, SQL("CREATE ROLE {}").format(Identifier(role)))
        verifier = encrypt_password(credentials.passwords[role], role, admin, "scram-sha-256")
        _execute(
            admin,
            SQL("ALTER ROLE {} LOGIN NOCREATEDB NOCREATEROLE INHERIT PASSWORD {}").format(
                Identifier(role), Literal(verifier)
            ),
        )


def make_database(admin: Connection, service: str, database: str, template: str = "template0") -> None:
    """Make `service`'s database, or a copy of one under another name, and let only its own roles in."""
    owner = Identifier(owner_role(service))
    name = Identifier(database)
    if not _fetch(admin, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = %s)", database):
        if not _fetch(admin, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            _execute(admin, SQL("GRANT {} TO CURRENT_USER WITH SET TRUE, INHERIT TRUE").format(owner))
        options = SQL("ENCODING UTF8 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'")
        _execute(
            admin,
            SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} {}").format(
                name, owner, Identifier(template), options if template == "template0" else SQL("")
            ),
        )
    _execute(admin, SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    allowed = SQL(", ").join([Identifier(service), Identifier(AUDIT_ROLE)])
    _execute(admin, SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, allowed))


def grant_inside(migration_url: str, service: str) -> None:
    """Say, as the owner, what the service and the audit may do with all that the owner makes later."""
    to = {"app": Identifier(service), "audit": Identifier(AUDIT_ROLE)}
    with closing(psycopg2.connect(migration_url)) as conn:
        conn.autocommit = True
        for statement in GRANTS:
            _execute(conn, SQL(statement).format(**to))


GRANTS = (
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO {app}, {audit}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO {app}, {audit}",
    "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO {audit}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {audit}",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON SEQUENCES TO {audit}",
)


def _roles() -> list[str]:
    return [role for service in DATABASES for role in (owner_role(service), service)] + [AUDIT_ROLE]


def _execute(conn: Connection, statement: Composable) -> None:
    with conn.cursor() as cursor:
        cursor.execute(statement)


def _fetch(conn: Connection, query: str, *args: object) -> bool:
    with conn.cursor() as cursor:
        cursor.execute(query, args)
        row = cursor.fetchone()
    return bool(row and row[0])
