"""The durable books: one SQLite file, one connection, every change committed before it is answered.

All access happens on the event loop's thread and never awaits inside a transaction, so operations are
serial. WAL with synchronous=NORMAL survives SIGKILL of this process (a power cut may lose the last commits).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

Value = str | int | float | bytes | None


class Books:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(Path(__file__).with_name("schema.sql").read_text(encoding="utf-8"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; commits when the block ends without an exception. Does not nest."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def run(self, sql: str, *values: Value) -> sqlite3.Cursor:
        return self._connection.execute(sql, values)

    def row(self, sql: str, *values: Value) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.run(sql, *values).fetchone()
        return found

    def rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        return self.run(sql, *values).fetchall()

    def close(self) -> None:
        self._connection.close()
