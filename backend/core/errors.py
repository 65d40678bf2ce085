"""One error for every caller: a stable code for programs, Chinese for people."""


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
