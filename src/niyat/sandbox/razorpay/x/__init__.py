"""RazorpayX: money that the merchant pays out, from a business account apart from what patients paid.

https://razorpay.com/docs/api/x: contact → fund account → payout.
"""
