"""Real databases for tests: one private server per worker, one template per service, one clone per test.

Templates are named by the hash of what makes them. A clone is made when a test first asks for that service's
database and dropped with the test.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2.sql import SQL, Identifier

from niyat.embedded.postgres import EmbeddedPostgres
from niyat.kernel import provision
from niyat.kernel.migrations import migrate_service, migration_folders

CLOCK = Path(__file__).with_name("clock.sql")


def temporary_home() -> Path:
    """A home that PostgreSQL's user can reach, with a path short enough for sockets."""
    return Path(tempfile.mkdtemp(prefix="niyat-", dir="/tmp"))


class PostgresForTests:
    """The server of one test worker. `stop` ends it, removes it and returns the deadlocks that it logged."""

    def __init__(self) -> None:
        self.home = temporary_home()
        self.server = EmbeddedPostgres.start(self.home, durable=False)
        self.credentials = provision.Credentials.generate()
        self.admin_url = self.server.superuser_url()
        self._admin = psycopg2.connect(self.admin_url)
        self._admin.autocommit = True
        self._templates: dict[str, str] = {}
        self._clones = 0

    def stop(self) -> list[str]:
        self._admin.close()
        self.server.stop()
        said = self.server.log_path.read_text(errors="replace").splitlines()
        shutil.rmtree(self.home)
        return [line for line in said if "deadlock detected" in line]

    def clone(self, service: str) -> str:
        """The name of a fresh copy of `service`'s database."""
        self._clones += 1
        name = f"{provision.DATABASES[service]}_{self._clones}"
        provision.make_database(self._admin, service, name, template=self._template(service))
        return name

    def drop(self, database: str) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(database)))

    def urls(self, service: str, database: str) -> provision.ServiceUrls:
        return provision.service_urls(self.admin_url, self.credentials, service, database)

    def _template(self, service: str) -> str:
        if service not in self._templates:
            name = f"template_{service}_{_fingerprint(service)}"
            provision.make_roles(self._admin, self.credentials)
            provision.make_database(self._admin, service, name)
            owner_url = self.urls(service, name).migration
            provision.grant_inside(owner_url, service)
            migrate_service(owner_url, service)
            with closing(psycopg2.connect(owner_url)) as owner, owner.cursor() as cursor:
                cursor.execute(CLOCK.read_text())
                owner.commit()
            self._templates[service] = name
        return self._templates[service]


class Databases:
    """One test's own databases, one for each service that it asks for."""

    def __init__(self, server: PostgresForTests) -> None:
        self.server = server
        self._names: dict[str, str] = {}

    def urls(self, service: str) -> provision.ServiceUrls:
        if service not in self._names:
            self._names[service] = self.server.clone(service)
        return self.server.urls(service, self._names[service])

    def url(self, service: str) -> str:
        """As the service itself connects."""
        return self.urls(service).app

    def owner_url(self, service: str) -> str:
        """As its migrations connect."""
        return self.urls(service).migration

    def audit_url(self, service: str) -> str:
        return self.urls(service).audit

    def superuser_url(self, service: str) -> str:
        self.urls(service)
        return self.server.server.superuser_url(self._names[service])

    def asked_for(self) -> list[str]:
        """The services whose databases this test has, e.g. for the clock to set them all."""
        return list(self._names)

    def drop(self) -> None:
        for name in self._names.values():
            self.server.drop(name)


def _fingerprint(service: str) -> str:
    files = [CLOCK] + [file for folder in migration_folders(service) for file in sorted(folder.glob("*.sql"))]
    content = b"\0".join(file.name.encode() + b"\0" + file.read_bytes() for file in files)
    return hashlib.sha256(content + os.fsencode(provision.DATABASES[service])).hexdigest()[:16]
