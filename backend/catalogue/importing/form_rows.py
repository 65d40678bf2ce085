"""The sheet 表单: forms row by row, as XLSForm has them."""

import re
import unicodedata
from typing import Annotated, ClassVar, Literal, get_args

from msgspec import field

from backend.catalogue.form import FieldKind, Option
from backend.core.sheets.declared import SheetRow
from backend.core.sheets.formats import FLAG, TEXT, Column, Format, choice, whole

RowKind = Literal["form", "group", "end_group", "repeat", "end_repeat"] | FieldKind
KINDS: dict[str, RowKind] = {
    "表单": "form",
    "分组": "group",
    "分组结束": "end_group",
    "重复组": "repeat",
    "重复组结束": "end_repeat",
    "文字": "text",
    "数字": "number",
    "日期时间": "datetime",
    "单选": "choice",
    "多选": "choices",
    "级联": "cascade",
    "照片": "photo",
    "录音": "audio",
    "附件": "file",
    "位置": "position",
    "人员": "person",
    "单位": "org",
    "说明": "note",
    "计算": "calculated",
}
assert set(get_args(FieldKind)) < set(KINDS.values())
_NAME = re.compile("[a-z][a-z0-9_]{0,31}")
_LONGEST = 64
_BETWEEN = re.compile(r"[\n;\uff1b]+")


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(text)
    return text


def _when(text: str) -> str:
    return {"是": "true()", "否": ""}.get(text, text)


def _options(text: str) -> list[Option]:
    found: list[Option] = []
    for part in _BETWEEN.split(text):
        if not part.strip():
            continue
        path, sign, name = part.replace("\uff1d", "=").partition("=")
        *above, code = [each.strip() for each in path.split("/")]
        if not (sign and 0 < len(code) <= _LONGEST and name.strip() and all(above)):
            raise ValueError(text)
        found.append(Option(code, name.strip(), above[-1] if above else None))
    return found


def _shown(options: list[Option]) -> str:
    parts = ((f"{o.parent}/" if o.parent else "", o) for o in options)
    return ";".join(f"{above}{option.code}={option.name}" for above, option in parts)


def _number(text: str) -> float:
    number = float(unicodedata.normalize("NFKC", text))
    if not abs(number) < float("inf"):  # nan as well
        raise ValueError(text)
    return number


NAME: Format[str] = Format(_name, str, "小写字母开头,只用小写字母、数字和 _,最多 32 个")
WHEN: Format[str] = Format(
    _when, lambda text: "是" if text == "true()" else text, "是、否,或一个条件"
)
OPTIONS: Format[list[Option]] = Format(
    _options, _shown, "编码=名称,用分号隔开;级联写 上级/编码=名称"
)
NUMBER: Format[float] = Format(_number, lambda number: f"{number:g}", "数字", "number")


class FormRow(SheetRow, frozen=True, kw_only=True):
    """A question, the begin or end of a group or repeat, or a form's first row."""

    sheet: ClassVar[str] = "表单"
    key: ClassVar[tuple[str, ...]] = ("form", "name", "kind")
    form: Annotated[str, Column("表单", NAME, "unrest", "同一张表单的行写同一个编码,连着写")]
    kind: Annotated[
        RowKind,
        Column("类型", choice(KINDS), "单选", "每张表单第一行是“表单”,标题即表单名"),
    ]
    name: Annotated[str, Column("名称", NAME, "people", "条件里写作 ${people};“表单”行留空")] = ""
    label: Annotated[str, Column("标题", TEXT, "参与人数", "给填的人看")] = ""
    hint: Annotated[str, Column("提示", TEXT, "")] = ""
    required: Annotated[str, Column("必填", WHEN, "是", "是、否,或一个条件")] = ""
    visible: Annotated[str, Column("显示条件", TEXT, "${kind} = 'other'", "空着表示总是显示")] = ""
    constraint: Annotated[str, Column("限制", TEXT, ". >= 1", "其中 . 是这一项的答案")] = ""
    constraint_message: Annotated[str, Column("限制说明", TEXT, "至少 1 人")] = ""
    default: Annotated[str, Column("默认", TEXT, "now()", "表达式;文字要加引号")] = ""
    calculation: Annotated[str, Column("计算", TEXT, "", "只有类型“计算”写")] = ""
    choices: Annotated[
        list[Option],
        Column("选项", OPTIONS, "strike=停工;other=其他", "级联写 上级/编码=名称"),
    ] = field(default_factory=list)
    minimum: Annotated[
        float | None, Column("最小", NUMBER, "", "数值;文字的字数;选项、照片、重复组的个数")
    ] = None
    maximum: Annotated[float | None, Column("最大", NUMBER, "")] = None
    multiline: Annotated[bool, Column("多行", FLAG, "否")] = False
    personal: Annotated[bool, Column("个人信息", FLAG, "否", "是:没有权限的人看到的是打码的")] = (
        False
    )
    version: Annotated[int, Column("版本", whole(1, 100_000), "1", "只看“表单”行;改了表单加一")] = 1
