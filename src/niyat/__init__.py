"""Niyat books a doctor, takes the payment and keeps everyone informed."""
