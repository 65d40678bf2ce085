"""What the surroundings decide: read once from the environment and handed on, never global."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal, cast

from msgspec import Struct

from backend.core.halt import Halt

SECRET_BYTES = 32


class Settings(Struct, frozen=True, kw_only=True):
    """A process's settings.

    database_url, redis_url: empty when not given, so that `xunge up` embeds its own.
    secret: 32 bytes from which every key of the installation is derived.
    data: folder for what the process keeps on disk (embedded servers, uploads), absolute.
    """

    database_url: str
    redis_url: str
    environment: Literal["development", "production"]
    secret: bytes
    data: Path
    host: str
    port: int

    @property
    def production(self) -> bool:
        """Whether real data may be here."""
        return self.environment == "production"

    def environ(self) -> dict[str, str]:
        """The variables from which `load_settings` gives this value again, for child processes."""
        return {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "XUNGE_ENV": self.environment,
            "XUNGE_SECRET": base64.b64encode(self.secret).decode(),
            "XUNGE_DATA": str(self.data),
            "XUNGE_HOST": self.host,
            "XUNGE_PORT": str(self.port),
        }


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings and make the data folder. Raises Halt naming the variable at fault.

    In development a missing secret is made once and kept in the data folder.
    """
    environment = environ.get("XUNGE_ENV", "development")
    if environment not in ("development", "production"):
        raise Halt(f"XUNGE_ENV 只能是 development 或 production,现在是 {environment}")
    data = _folder(environ.get("XUNGE_DATA") or "var")
    return Settings(
        database_url=environ.get("DATABASE_URL", ""),
        redis_url=environ.get("REDIS_URL", ""),
        environment=cast(Literal["development", "production"], environment),
        secret=_secret(environ.get("XUNGE_SECRET", ""), environment, data),
        data=data,
        host=environ.get("XUNGE_HOST") or "127.0.0.1",
        port=_port(environ.get("XUNGE_PORT") or "8321"),
    )


def _folder(text: str) -> Path:
    path = Path(text).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Halt(
            f"数据文件夹 {path} 不能使用({error.strerror}),请用 XUNGE_DATA 换一个"
        ) from error
    return path


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Halt(f"XUNGE_PORT 应为 1 到 65535 的端口号,现在是 {text}")
    return int(text)


def _secret(text: str, environment: str, data: Path) -> bytes:
    if text:
        return _decoded(text, "XUNGE_SECRET")
    if environment == "production":
        raise Halt("正式环境必须设置 XUNGE_SECRET:用 openssl rand -base64 32 生成,并妥善保管")
    return _kept(data / "secret")


def _decoded(text: str, source: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise Halt(f"{source} 应为 32 字节随机数的 base64 编码,可用 openssl rand -base64 32 生成")
    return secret


def _kept(path: Path) -> bytes:
    """The secret in a file, made when it is not there; two processes starting at once agree."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_bytes(base64.b64encode(secrets.token_bytes(SECRET_BYTES)))
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return _decoded(path.read_text().strip(), str(path))
    except OSError as error:
        raise Halt(f"数据文件夹 {path.parent} 不能读写:{error.strerror}") from error
