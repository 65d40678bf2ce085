"""Where Piccolo finds the engine and the domains' migrations."""

from piccolo.conf.apps import AppRegistry

from backend.core.database import ENGINE

DB = ENGINE
APP_REGISTRY = AppRegistry(
    apps=[
        "backend.directory.piccolo_app",
        "backend.catalogue.piccolo_app",
        "backend.labels.piccolo_app",
        "backend.media.piccolo_app",
        "backend.tasks.piccolo_app",
        "backend.registry.piccolo_app",
        "backend.cases.piccolo_app",
        "backend.windows.piccolo_app",
    ]
)
