"""The stand-in for Razorpay's Orders, Payments and Refunds APIs, its checkout and its webhooks.

Source of the behaviour: razorpay/markdown-docs (2026-04-09), as condensed in the project's reference notes.
"""
