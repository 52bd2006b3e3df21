"""The patient's pages: find, hold, pay, be confirmed."""
