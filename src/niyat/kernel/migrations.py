"""Brings a service's database to the newest version of its tables.

Migrations are plain SQL files, `V1__create_appointment_tables.sql`, forward only, one transaction each. Every
database has three sequences of them: the kernel's, the events' and the service's own. One that must run
outside a transaction (CREATE INDEX CONCURRENTLY) has NONTRANSACTIONAL in its name.
"""

from __future__ import annotations

import logging
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pgmigrate
import psycopg2

from niyat.kernel.errors import NiyatError

PACKAGE = Path(__file__).parent.parent
SHARED = ("kernel", "events")
# Any number will do, as long as it stays the same: it keeps two migrators out of one database.
MIGRATION_LOCK = 6419002
POLL_SECONDS = 0.1
# A migration that cannot have its table's lock gives up, rather than make every request queue behind it.
SESSION = ["SET lock_timeout = '10s'"]
HOW_TO_ENCODE = "Keep to ASCII, or put /* pgmigrate-encoding: utf-8 */ at the top of the file."

log = logging.getLogger(__name__)


class MigrationFailed(NiyatError):
    """A migration failed; its transaction was rolled back and the earlier ones are kept."""


def migrate_service(url: str, service: str, report: Callable[[str], None] = log.info) -> int:
    """Bring `service`'s database at `url` (its owner's) to the newest version; how many migrations ran."""
    return sum(
        migrate(url, folder, f"{folder.parent.name}_migrations", report)
        for folder in migration_folders(service)
    )


def migration_folders(service: str) -> list[Path]:
    """The folders whose migrations make `service`'s database, in the order in which they run."""
    return [PACKAGE / owner / "migrations" for owner in (*SHARED, service)]


def migrate(url: str, folder: Path, schema: str, report: Callable[[str], None] = log.info) -> int:
    """Run what `folder` has and the database lacks; `schema` keeps the list of what ran. Returns how many.

    Safe to run from several processes at once: one works, the others wait and find nothing left to do.
    Raises MigrationFailed.
    """
    if not any(folder.glob("V*__*.sql")):
        return 0
    _lift_parser_limits()
    with _only_one_migrator(url):
        missing = _missing(url, folder, schema)
        for version, description in missing:
            report(f"{folder.parent.name}: V{version} {description}")
            try:
                with _config(url, folder, schema, version) as config:
                    pgmigrate.migrate(config)
            except pgmigrate.MalformedStatement as error:
                raise MigrationFailed(f"{error}. {HOW_TO_ENCODE}") from error
            except pgmigrate.MigrateError as error:
                cause = error.__context__ or error
                raise MigrationFailed(
                    f"{folder.parent.name}: V{version} failed: {str(cause).strip()}"
                ) from error
    return len(missing)


def _missing(url: str, folder: Path, schema: str) -> list[tuple[int, str]]:
    with _config(url, folder, schema, None) as config:
        state = pgmigrate.info(config, stdout=False)
    newest = max((version for version in state if state[version].meta["installed_on"]), default=0)
    for version in _versions(folder):  # pgmigrate would pass over these without a word
        if version < newest and (version not in state or not state[version].meta["installed_on"]):
            raise MigrationFailed(
                f"{folder.parent.name}: V{version} is missing in a database that has V{newest} already."
                " It was made by a build of another line: bring it up with that build, or begin with a new one"
            )
    return [
        (version, state[version].meta["description"])
        for version in sorted(state)
        if state[version].meta["installed_on"] is None
    ]


def _versions(folder: Path) -> list[int]:
    return sorted(int(file.name[1:].partition("__")[0]) for file in folder.glob("V*__*.sql"))


@contextmanager
def _config(url: str, folder: Path, schema: str, version: int | None) -> Iterator[pgmigrate.Config]:
    if folder.name != "migrations":
        raise ValueError(f"a folder of migrations is named `migrations`, not `{folder.name}`")
    settings = Namespace(
        conn=url,
        base_dir=str(folder.parent),
        schema=schema,
        target=version,
        session=SESSION,
        disable_schema_check=True,
    )
    config = pgmigrate.get_config(str(folder.parent), settings)
    try:
        yield config
    finally:
        config.conn_instance.close()


@contextmanager
def _only_one_migrator(url: str) -> Iterator[None]:
    """Hold an advisory lock. It is polled: a statement that waits would stop CREATE INDEX CONCURRENTLY."""
    with closing(psycopg2.connect(url)) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            while True:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", (MIGRATION_LOCK,))
                (held,) = cursor.fetchone() or (False,)
                if held:
                    break
                time.sleep(POLL_SECONDS)
            yield


def _lift_parser_limits() -> None:
    """sqlparse refuses long SQL as hostile; this is ours. (pgmigrate's command line lifts them too.)"""
    pgmigrate.sqlparse.engine.grouping.MAX_GROUPING_DEPTH = None
    pgmigrate.sqlparse.engine.grouping.MAX_GROUPING_TOKENS = None
