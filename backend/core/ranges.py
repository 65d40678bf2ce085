"""Parts of a file over HTTP (RFC 9110, section 14): one range of bytes."""

import re

from backend.core.errors import Problem

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def span(wanted: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a single range; None for all of it. What is no
    range we know is ignored, as HTTP has it. Raises Problem 416 `range`.
    """
    match = _RANGE.fullmatch(wanted)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= end:
        raise Problem(416, "range", "请求的范围超出文件大小", field="Range")
    return start, end
