"""Every write of a case: reporting one, acting on it, joining several, handing them over."""

from backend.cases import retiring
from backend.cases.commands import acting, alarming, joining, reporting, shifts

HANDLERS = (
    reporting.HANDLER,
    acting.HANDLER,
    *joining.HANDLERS,
    shifts.HANDLER,
    alarming.HANDLER,
    retiring.HANDLER,
)
"""Every type of command of this room."""
