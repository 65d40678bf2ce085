"""Every handler of the service, in one place; a room adds its controllers here."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from backend.app.health import health, ready
from backend.app.metrics import metrics
from backend.directory.api import DeviceController, SessionController

ROUTES: Sequence[ControllerRouterHandler] = (
    health,
    ready,
    metrics,
    SessionController,
    DeviceController,
)
