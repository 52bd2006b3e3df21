"""Niyat books a doctor, takes the payment and keeps everyone informed."""

import zoneinfo

# The rules of time zones come from the `tzdata` package, the same on every machine, not from what the system has.
zoneinfo.reset_tzpath(to=())
