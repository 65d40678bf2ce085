"""The city of the case tests."""

from tests.cases.conftest import city

__all__ = ["city"]
