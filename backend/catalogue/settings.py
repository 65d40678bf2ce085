"""A city's single values (参数): every one there is, its type, and what it is when not given."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from backend.catalogue.flow import Code, Source

Days = Annotated[int, Meta(ge=1, le=3650)]
Word = Annotated[str, Meta(min_length=1, max_length=32)]
CheckRule = Literal["reporter", "fewest_open"]


class SettingError(ValueError):
    """Why a value cannot be taken; the text says what would be right."""


class Setting(Struct, frozen=True, kw_only=True):
    """One value a city may set. `expected` is the type in words, for people."""

    code: str
    name: str
    type: Any
    default: Any
    expected: str
    note: str = ""


SETTINGS: dict[str, Setting] = {
    each.code: each
    for each in (
        Setting(
            code="late_hours",
            name="离线操作按当时计的时限",
            type=Annotated[int, Meta(ge=0, le=720)],
            default=24,
            expected="0 到 720 的整数(小时)",
            note="设备时间可信、且在这么多小时以内送到的操作,按操作当时判断权限和时限",
        ),
        Setting(
            code="retire_days",
            name="办结案件留在手机上的天数",
            type=Days,
            default=90,
            expected="1 到 3650 的整数(天)",
        ),
        Setting(
            code="flow_by_source",
            name="按来源走的流程",
            type=dict[Source, Code],
            default={},
            expected="来源=流程编码,几项之间用顿号,如 hotline=event_hub;"
            "来源有 worker、supervisor、hotline、leader、media、public、peer",
            note="没有写的来源按类别的流程走",
        ),
        Setting(
            code="check_rules",
            name="几名网格员都能核查时由谁去",
            type=list[CheckRule],
            default=["reporter", "fewest_open"],
            expected="reporter(上报人)、fewest_open(手上任务最少的人),先写的优先",
            note="按规则仍定不出一个人时,由派遣员选择",
        ),
        Setting(
            code="sensitive_keywords",
            name="敏感词",
            type=list[Word],
            default=[],
            expected="一个或几个词,用顿号分开",
            note="描述里有其中一个,案件就标为敏感;全角半角、大小写、空格不论",
        ),
        Setting(
            code="similar_closed_days",
            name="推荐处置部门时看多少天内办结的同类案件",
            type=Days,
            default=90,
            expected="1 到 3650 的整数(天)",
        ),
        Setting(
            code="similar_closed_metres",
            name="推荐处置部门时看多远以内的同类案件",
            type=Annotated[int, Meta(ge=100, le=100_000)],
            default=3000,
            expected="100 到 100000 的整数(米)",
        ),
        Setting(
            code="device_people",
            name="手机上可以存放的人员资料",
            type=Literal["nothing", "masked", "full"],
            default="masked",
            expected="nothing(不存放)、masked(只存放脱敏的)或 full(有权限的岗位可存放完整的)",
        ),
        Setting(
            code="device_days",
            name="手机多少天没有联系上服务就清除所存的资料",
            type=Annotated[int, Meta(ge=1, le=90)],
            default=7,
            expected="1 到 90 的整数(天)",
            note="只清除从服务取来的资料,本人未发送的内容加密保留",
        ),
        Setting(
            code="device_limit",
            name="一台手机最多存放多少条资料",
            type=Annotated[int, Meta(ge=1000, le=200_000)],
            default=50_000,
            expected="1000 到 200000 的整数(条)",
            note="超过时不下载,并提示所辖范围过大",
        ),
        Setting(
            code="device_pin",
            name="手机上的资料是否必须用解锁码保护",
            type=Literal["optional", "required"],
            default="optional",
            expected="optional(由使用者决定)或 required(必须)",
        ),
    )
}


def checked(code: str, value: Any) -> Any:
    """The value as it is kept. Text stands for a list (`信访、上访`) or a mapping
    (`public=event_hub`), as people write them in a cell. Raises SettingError.
    """
    setting = SETTINGS.get(code)
    if setting is None:
        raise SettingError("、".join(SETTINGS))
    readings = (value, _parts(value), _pairs(value)) if isinstance(value, str) else (value,)
    for reading in readings:
        with suppress(msgspec.ValidationError):
            return msgspec.to_builtins(msgspec.convert(reading, setting.type))
    raise SettingError(setting.expected)


def value_of(settings: Mapping[str, Any], code: str) -> Any:
    """A city's value, else the default. settings: by code, as stored."""
    return settings.get(code, SETTINGS[code].default)


def _parts(text: str) -> list[str]:
    """`信访、上访` -> two words."""
    return [part.strip() for part in re.split(r"[、,\uff0c]", text)]


def _pairs(text: str) -> dict[str, str]:
    """`public=event_hub、hotline=event_hub` -> two pairs."""
    pairs = (part.partition("=") for part in _parts(text))
    return {name.strip(): to.strip() for name, _, to in pairs}
