"""The city of the case tests, and the toy world of the write path's."""

from tests.cases.conftest import city
from tests.offline.conftest import world

__all__ = ["city", "world"]
