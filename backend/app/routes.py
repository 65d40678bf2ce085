"""Every handler of the service, in one place; a room adds its controllers here."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from backend.app.admin import AdminController
from backend.app.basemaps import basemap
from backend.app.configuring.api import SettingsController
from backend.app.health import health, ready
from backend.app.metrics import metrics
from backend.app.sync import SyncController
from backend.cases.api import CaseController
from backend.cases.exporting.api import ExportController
from backend.cases.finding.api import FindingController, RequestController, SearchController
from backend.directory.api import (
    CountyDeviceController,
    DeviceController,
    PeopleController,
    SessionController,
)
from backend.media.api import MediaController
from backend.media.tus import UploadController
from backend.registry.api import RegistryController
from backend.tasks.api import my_tasks
from backend.windows.api import WindowController

ROUTES: Sequence[ControllerRouterHandler] = (
    health,
    ready,
    metrics,
    basemap,
    SessionController,
    DeviceController,
    CountyDeviceController,
    PeopleController,
    SyncController,
    FindingController,
    RequestController,
    SearchController,
    ExportController,
    CaseController,
    RegistryController,
    WindowController,
    my_tasks,
    MediaController,
    UploadController,
    AdminController,
    SettingsController,
)
