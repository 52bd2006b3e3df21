"""Databases, roles and migrations on a real PostgreSQL."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors

from niyat.kernel import provision
from niyat.kernel.migrations import MigrationFailed, migrate, migrate_service
from tests.support.postgres import Databases, PostgresForTests

INSERT_KEY = """
INSERT INTO idempotency_keys (account_id, route, key, fingerprint, status)
VALUES (gen_random_uuid(), 'POST /x', 'k', 'f', 201)
"""
FUNCTION = """
CREATE TABLE counted (n int NOT NULL);
CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- a comment; with a semicolon
    IF NEW.n > 1 THEN RAISE EXCEPTION 'too many; really'; END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER counted BEFORE INSERT ON counted FOR EACH ROW EXECUTE FUNCTION count_up();
"""
CONCURRENTLY = "CREATE INDEX CONCURRENTLY counted_n ON counted (n);"


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as conn, conn.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
        conn.commit()
        return rows


def migrations(folder: Path, **files: str) -> Path:
    path = folder / "shop" / "migrations"
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.sql").write_text(text)
    return path


def test_a_service_uses_its_own_rows_and_changes_no_table(databases: Databases) -> None:
    url = databases.url("appointments")
    run(url, INSERT_KEY)
    assert run(url, "SELECT key FROM idempotency_keys") == [("k",)]
    for statement in (
        "DROP TABLE idempotency_keys",
        "CREATE TABLE mine (n int)",
        "TRUNCATE idempotency_keys",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            run(url, statement)


@pytest.mark.parametrize("other", ["identity", "payments", "notifications"])
def test_a_service_cannot_connect_to_anothers_database(databases: Databases, other: str) -> None:
    server = databases.server
    theirs = databases.url(other).split("/")[-1].split("?")[0]
    for role in ("appointments", "appointment_owner"):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            run(server.credentials.url(server.admin_url, role, theirs), "SELECT 1")


def test_the_audit_reads_everything_and_writes_nothing(databases: Databases) -> None:
    run(databases.url("payments"), INSERT_KEY)
    url = databases.audit_url("payments")
    assert run(url, "SELECT count(*) FROM idempotency_keys") == [(1,)]
    assert run(url, "SELECT max(version) FROM kernel_migrations.schema_version") == [(1,)]
    for statement in (INSERT_KEY, "DELETE FROM idempotency_keys", "UPDATE idempotency_keys SET status = 1"):
        with pytest.raises(errors.InsufficientPrivilege):
            run(url, statement)


def test_an_append_only_table_takes_back_what_the_service_was_given(databases: Databases) -> None:
    run(
        databases.owner_url("payments"),
        "CREATE TABLE grown (n int); REVOKE UPDATE, DELETE ON grown FROM payments",
    )
    run(databases.url("payments"), "INSERT INTO grown VALUES (1)")
    with pytest.raises(errors.InsufficientPrivilege):
        run(databases.url("payments"), "DELETE FROM grown")


def test_each_test_has_a_database_of_its_own(databases: Databases, postgres_server: PostgresForTests) -> None:
    other = Databases(postgres_server)
    run(databases.url("identity"), INSERT_KEY)
    assert run(other.url("identity"), "SELECT count(*) FROM idempotency_keys") == [(0,)]
    other.drop()


def test_provisioning_again_changes_nothing_but_the_passwords(postgres_server: PostgresForTests) -> None:
    first = provision.provision(postgres_server.admin_url, postgres_server.credentials)
    again = provision.provision(postgres_server.admin_url, postgres_server.credentials)
    assert again == first
    assert set(first) == set(provision.DATABASES)
    for urls in first.values():
        for url in (urls.migration, urls.app, urls.audit):
            assert run(url, "SELECT 1") == [(1,)]


def test_a_role_that_is_no_superuser_can_provision() -> None:
    """As on a hosted PostgreSQL. On a server of its own here, as roles belong to the whole server."""
    server = PostgresForTests()
    try:
        run(server.admin_url, "CREATE ROLE hosted LOGIN CREATEDB CREATEROLE PASSWORD 'p'")
        hosted = server.server.url("postgres", "hosted", "p")
        provision.provision(hosted, server.credentials)
        urls = provision.provision(hosted, server.credentials)
        assert migrate_service(urls["identity"].migration, "identity") >= 1
        run(urls["identity"].app, INSERT_KEY)
        assert run(urls["identity"].audit, "SELECT count(*) FROM idempotency_keys") == [(1,)]
    finally:
        server.stop()


def test_another_major_version_is_refused() -> None:
    class Old:
        server_version = 170005

        class info:  # noqa: N801
            host = "db.example"

    with pytest.raises(provision.UnsupportedPostgres, match=r"db\.example is PostgreSQL 17"):
        provision.check_version(Old())  # type: ignore[arg-type]


def test_credentials_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "roles.json"
    first = provision.Credentials.load_or_create(path)
    assert provision.Credentials.load_or_create(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(password in repr(first) for password in first.passwords.values())


def test_migrating_twice_changes_nothing(databases: Databases) -> None:
    lines: list[str] = []
    assert migrate_service(databases.owner_url("identity"), "identity", lines.append) == 0
    assert lines == []


def test_a_migration_may_define_functions_and_is_reported_in_one_line(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.owner_url("identity")
    folder = migrations(tmp_path, V1__create_counter=FUNCTION, V2__index_NONTRANSACTIONAL=CONCURRENTLY)
    lines: list[str] = []
    assert migrate(url, folder, "shop_migrations", lines.append) == 2
    assert lines == ["shop: V1 create counter", "shop: V2 index NONTRANSACTIONAL"]
    with pytest.raises(errors.RaiseException, match="too many; really"):
        run(url, "INSERT INTO counted VALUES (2)")


def test_a_failed_migration_leaves_nothing_half_done(databases: Databases, tmp_path: Path) -> None:
    url = databases.owner_url("identity")
    folder = migrations(
        tmp_path, V1__first="CREATE TABLE one (n int);", V2__bad="CREATE TABLE two (n int); SELECT 1/0;"
    )
    with pytest.raises(MigrationFailed, match="shop: V2 failed: division by zero"):
        migrate(url, folder, "shop_migrations")
    assert run(url, "SELECT to_regclass('one') IS NOT NULL, to_regclass('two') IS NULL") == [(True, True)]
    migrations(tmp_path, V2__bad="CREATE TABLE two (n int);")
    assert migrate(url, folder, "shop_migrations") == 1


def test_a_migration_older_than_what_a_database_has_is_refused_not_passed_over(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.owner_url("identity")
    folder = migrations(
        tmp_path, V1__first="CREATE TABLE one (n int);", V3__third="CREATE TABLE three (n int);"
    )
    assert migrate(url, folder, "shop_migrations") == 2
    migrations(tmp_path, V2__late="CREATE TABLE two (n int);")
    with pytest.raises(MigrationFailed, match="shop: V2 is missing in a database that has V3"):
        migrate(url, folder, "shop_migrations")


def test_letters_beyond_ascii_are_asked_to_be_announced(databases: Databases, tmp_path: Path) -> None:
    url = databases.owner_url("identity")
    folder = migrations(tmp_path, V1__hello="CREATE TABLE said AS SELECT 'नियत' AS word;")
    with pytest.raises(MigrationFailed, match="pgmigrate-encoding: utf-8"):
        migrate(url, folder, "shop_migrations")
    migrations(
        tmp_path, V1__hello="/* pgmigrate-encoding: utf-8 */ CREATE TABLE said AS SELECT 'नियत' AS word;"
    )
    assert migrate(url, folder, "shop_migrations") == 1
    assert run(url, "SELECT word FROM said") == [("नियत",)]


def test_two_migrators_at_once_run_each_migration_once(databases: Databases, tmp_path: Path) -> None:
    url = databases.owner_url("identity")
    folder = migrations(tmp_path, V1__a=FUNCTION, V2__b_NONTRANSACTIONAL=CONCURRENTLY, V3__c="SELECT 1;")
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: migrate(url, folder, "shop_migrations"), range(4)))
    assert sorted(counts) == [0, 0, 0, 3]
