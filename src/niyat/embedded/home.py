"""Niyat's home: the one folder on this machine that holds its data, its secrets and its logs."""

from __future__ import annotations

import os
from pathlib import Path


def home_directory() -> Path:
    """NIYAT_HOME, else /var/lib/niyat for root, else `niyat` in the user's data folder (XDG)."""
    chosen = os.environ.get("NIYAT_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/niyat")
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "niyat"


def make_home(home: Path) -> Path:
    """Make the folder where it is missing. Others may pass through it (PostgreSQL must), never list it."""
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home
