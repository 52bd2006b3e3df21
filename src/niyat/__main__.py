"""`python -m niyat` is `niyat`."""

from niyat.cli import main

main()
