"""One error for every caller: a stable code for programs, Chinese for people."""

import errno


class Problem(Exception):
    """What went wrong and what to do about it.

    status: HTTP status; code: stable, snake_case; message: Chinese, says what to do;
    field: dotted path of the input at fault; retry_after: seconds (503 and 429 only).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after


def not_found(what: str = "内容") -> Problem:
    """The same answer for 'is not there' and 'is not yours', so that ids cannot be probed."""
    return Problem(404, "not_found", f"没有找到这个{what},或您无权查看")


def is_full(error: OSError) -> bool:
    """Whether a write found no room on the server's disk."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def storage_full() -> Problem:
    """Nothing is lost: the device keeps what it brought."""
    return Problem(
        503,
        "storage_full",
        "服务器存储空间不足,内容仍保存在手机里,稍后会自动继续上传",
        retry_after=300,
    )
