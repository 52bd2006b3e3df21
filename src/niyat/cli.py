"""The command line: `niyat up` runs everything here; the rest looks at, or speaks to, what runs.

Each command is a few lines over the module that does the work, and prints for people.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from niyat.kernel.errors import NiyatError
from niyat.kernel.settings import SettingsWrong
from niyat.payments.export.formats import ExportFormat

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Book a doctor, pay, be kept informed. `niyat up` starts everything.",
)

Port = Annotated[
    int, typer.Option(min=0, max=65535, envvar="NIYAT_PORT", help="Where to listen on 127.0.0.1")
]

DAY = ["%Y-%m-%d"]


@cli.command()
def up(port: Port = 8080, seed: Annotated[bool, typer.Option(help="Make the demo clinic")] = True) -> None:
    """Run everything here: PostgreSQL, the sandbox, every service; with a demo clinic. Ctrl-C stops it."""
    from niyat.run import up as run_up

    run_up(port=port, seed=seed, say=typer.echo)


@cli.command()
def serve(port: Port = 0) -> None:
    """Run one more process of the services beside the `niyat up` of this home, on its databases."""
    from niyat.run import serve as run_serve

    run_serve(port=port, say=typer.echo)


@cli.command()
def demo() -> None:
    """Drive the whole journey over HTTP, step by step, and show what each service recorded."""
    from niyat.demo.journey import run
    from niyat.operate import running

    here = running()
    asyncio.run(run(here.address, str(here.sandbox_url), say=typer.echo))


@cli.command()
def audit(
    age: Annotated[float, typer.Option(help="Leave out what changed in the last so many seconds")] = 300,
) -> None:
    """Check the promise over all databases, reading only. Exit status 1 when something breaks it."""
    from niyat.audit import audit as run_audit
    from niyat.operate import audit_urls

    report = asyncio.run(run_audit(audit_urls(), age_seconds=age))
    typer.echo(str(report))
    raise typer.Exit(0 if report.clean else 1)


@cli.command(name="generate-slots")
def generate_slots() -> None:
    """Make every doctor's slots for the days ahead, showing how far it is. The hourly job does the same; both may."""
    from niyat.operate import generate_slots as make

    asyncio.run(make(typer.echo))


@cli.command(name="export-ledger")
def export_ledger(
    file: Annotated[Path, typer.Argument(help="Where to write it")],
    format_: Annotated[
        ExportFormat, typer.Option("--format", help="For a spreadsheet, or plain-text accounting")
    ],
    from_day: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="Its first day")] = None,
    to_day: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Its last day")] = None,
) -> None:
    """Write the ledger into a file, by the days on which it is booked."""
    from niyat.operate import export_ledger as write

    first, last = (day.date() if day else None for day in (from_day, to_day))
    asyncio.run(write(file, format_, first, last))
    typer.echo(f"The ledger is in {file}.")


@cli.command()
def reconcile(
    day: Annotated[
        datetime | None, typer.Option(formats=DAY, help="By the provider's calendar (India); else yesterday")
    ] = None,
) -> None:
    """Read the payment provider's report of a day and show what differs. Exit status 1 when it is unexplained."""
    from niyat.operate import reconcile as run

    raise typer.Exit(0 if asyncio.run(run(day.date() if day else None, typer.echo)) else 1)


@cli.command()
def openapi(
    service: Annotated[str | None, typer.Argument(help="One service; all joined without it")] = None,
) -> None:
    """Print the API description (OpenAPI 3.1)."""
    from niyat.operate import describe

    typer.echo(json.dumps(describe(service), indent=2, ensure_ascii=False))


@cli.command(name="create-admin")
def create_admin(email: str, name: Annotated[str, typer.Option()] = "Administrator") -> None:
    """Make the first administrator, who then signs in with a code sent to this address."""
    from niyat.operate import create_admin as make

    typer.echo(f"{email} may sign in as administrator (account {asyncio.run(make(email, name))}).")


dead_letters = typer.Typer(no_args_is_help=True, help="Events that could not be handled.")
cli.add_typer(dead_letters, name="dead-letters")


@dead_letters.command(name="list")
def list_dead_letters() -> None:
    """Every dead letter of every service, with its reason."""
    from niyat.operate import list_dead_letters as listed

    for line in asyncio.run(listed()):
        typer.echo(line)


@dead_letters.command()
def replay(service: str, letter: int) -> None:
    """Put one dead letter back into its inbox."""
    from niyat.operate import replay_dead_letter

    typer.echo(asyncio.run(replay_dead_letter(service, letter)))


webhooks = typer.Typer(no_args_is_help=True, help="What the payment provider sent.")
cli.add_typer(webhooks, name="webhooks")


@webhooks.command(name="list")
def list_webhooks(
    status: Annotated[str | None, typer.Option(help="new, done or dead")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most")] = 50,
) -> None:
    """The newest webhooks and what came of each."""
    from niyat.operate import list_webhooks as listed

    for line in asyncio.run(listed(status, limit)):
        typer.echo(line)


@webhooks.command(name="replay")
def replay_webhook(
    webhook: UUID, reason: Annotated[str, typer.Option(help="Why; it is kept for the record")]
) -> None:
    """Work one webhook off once more."""
    from niyat.operate import replay_webhook as replayed

    typer.echo(asyncio.run(replayed(webhook, reason)))


def main() -> None:
    """Run the command line; what goes wrong in a known way is one clear line, not a traceback."""
    try:
        cli(standalone_mode=True)
    except (NiyatError, SettingsWrong) as error:
        typer.secho(str(error), err=True, fg="red")
        raise SystemExit(1) from None
