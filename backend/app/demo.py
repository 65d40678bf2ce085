"""The demo city: 瓯海区 as a newcomer finds it after the first start."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from rich.console import Console

from backend.app.demo_registry import record_demo_people
from backend.app.importing.collect import files_of
from backend.app.importing.run import Session
from backend.core import database
from backend.core.crypto import Keyring
from backend.core.halt import Halt
from backend.core.settings import Settings
from backend.directory.passwords import Passwords
from offline import epoch

PACK = Path(__file__).parents[2] / "shared-schemas" / "packs" / "330304"
COUNTY = PACK.name
PASSWORD = "Xunge-2026"  # noqa: S105 - documented in the pack's README, for trying only


class Login(Struct, frozen=True):
    """A demo user, for the person who tries."""

    role: str
    name: str
    password: str


LOGINS = (
    Login("网格员", "wg003", PASSWORD),
    Login("监督员", "jd01", PASSWORD),
    Login("受理员", "sl01", PASSWORD),
    Login("派遣员", "pq01", PASSWORD),
    Login("值班长", "zb01", PASSWORD),
    Login("处置部门(瓯海区供水公司,上水井盖派给它)", "cz08", PASSWORD),
    Login("领导", "ld01", PASSWORD),
    Login("指挥长(审批延期、挂账、作废)", "zh01", PASSWORD),
    Login("镇街事件专员(景山街道,收办和上报事件)", "zs01", PASSWORD),
    Login("社区事件专员(发起事件)", "cs01", PASSWORD),
    Login("镇街领导(批示、督办)", "zl01", PASSWORD),
    Login("人房登记员", "dj01", PASSWORD),
)


async def load_demo_city(
    settings: Settings, console: Console | None = None, passwords: Passwords | None = None
) -> Sequence[Login]:
    """Import the pack when the database holds no county yet; the pool must be open.

    Returns the logins to show: none when the database holds a city of its own.
    """
    async with database.connection() as conn:
        there = [
            row["code"] for row in await conn.fetch("select code from area where parent is null")
        ]
    if not there:
        session = Session(settings, console or Console(), passwords)
        if not await session.run(files_of([PACK]), COUNTY, None, confirm=None):
            raise Halt("示范城市没有导入,原因见上")
        async with database.transaction() as conn:
            life = await epoch.current(conn)
        await record_demo_people(Keyring(settings.secret), life)
        return LOGINS
    return LOGINS if COUNTY in there else ()
