"""The ledger as plain-text accounting (Beancount 3, https://beancount.github.io/docs/beancount_language_syntax.html).

Debits are positive there as here, so amounts go over as they are. What was earned and spent before the first day is
carried over as equity, so that the file's income and expenses are those of its own days. The balances asserted at the
end come from the database, not from the lines above them: the tool that reads the file adds up once more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta

from niyat.kernel.money import exact
from niyat.payments.export.read import Balances, Books, Transaction

ROOTS = {"asset": "Assets", "liability": "Liabilities", "income": "Income", "expense": "Expenses"}
CARRIED = "Equity:Carried-Forward"
PASSING = ("income", "expense")


async def as_beancount(books: Books) -> AsyncIterator[str]:
    """The lines of the file."""
    yield 'option "title" "Niyat ledger"\n'
    if books.first is None or books.last is None:
        return
    currencies = sorted({currency for _, currency in books.closing})
    for currency in currencies:
        yield f'option "operating_currency" "{currency}"\n'
    yield "\n"
    for account in sorted(books.kinds):
        yield f"{books.first} open {_name(account, books)}\n"
    yield f"{books.first} open {CARRIED}\n"
    for line in _opening(books):
        yield line
    async for transaction in books.transactions():
        yield _transaction(transaction, books)
    yield "\n"
    for line in _assertions(books, books.last + timedelta(days=1)):
        yield line


def _name(account: str, books: Books) -> str:
    words = "-".join(word.capitalize() for word in account.split("_"))
    return f"{ROOTS[books.kinds[account]]}:{words}"


def _transaction(transaction: Transaction, books: Books) -> str:
    links = "".join(f" ^{name.removesuffix('_id')}-{value}" for name, value in transaction.links.items())
    lines = [
        f'\n{transaction.booked_on} * "{transaction.external_key}"{links}',
        f'  external_key: "{transaction.external_key}"',
        f"  transaction_id: {transaction.id}",
        f'  event_at: "{transaction.event_at.isoformat()}"',
        *(f'  {name}: "{value}"' for name, value in transaction.links.items()),
        *(
            _entry(_name(account, books), amount, currency)
            for account, amount, currency in transaction.entries
        ),
    ]
    return "\n".join(lines) + "\n"


def _entry(name: str, amount: int, currency: str) -> str:
    return f"  {name}  {exact(amount, currency)} {currency}"


def _opening(books: Books) -> Iterator[str]:
    carried: dict[tuple[str, str], int] = {}
    for (account, currency), amount in books.opening.items():
        name = CARRIED if books.kinds[account] in PASSING else _name(account, books)
        carried[name, currency] = carried.get((name, currency), 0) + amount
    if entries := [_entry(name, amount, currency) for (name, currency), amount in carried.items() if amount]:
        yield "\n".join([f'\n{books.first} * "opening balances"', *entries]) + "\n"


def _assertions(books: Books, day: date) -> Iterator[str]:
    """`~ 0`: to the last digit, where the tool would allow for rounding."""
    for (account, currency), amount in _shown(books).items():
        yield f"{day} balance {_name(account, books)}  {exact(amount, currency)} ~ 0 {currency}\n"


def _shown(books: Books) -> Balances:
    return {
        (account, currency): amount
        - (books.opening.get((account, currency), 0) if books.kinds[account] in PASSING else 0)
        for (account, currency), amount in books.closing.items()
    }
