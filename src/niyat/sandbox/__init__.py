"""Stand-ins for Razorpay, Twilio and a mail relay: a process of its own that no service ever imports.

It follows the vendors' documented behaviour, keeps durable books of every effect, and misbehaves on
request. Start it with `python -m niyat.sandbox --home DIR`.
"""
