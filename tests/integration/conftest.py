"""Fixtures of the integration tests. Here and not at the top: unit tests need not load the whole system."""

from tests.support.system import system

__all__ = ["system"]
