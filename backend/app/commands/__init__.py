"""The commands of `xunge`; a new one is a module here and a line below."""

from backend.app.commands.doctor import doctor
from backend.app.commands.migrate import migrate
from backend.app.commands.up import up
from backend.app.commands.web import web
from backend.app.commands.worker import worker

COMMANDS = (up, web, worker, migrate, doctor)
