"""Whether what a command says may be said. Looks at the command alone, so that the answer does not
depend on what else has arrived.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.registry.rules.numbers import NumberFault, number_fault
from backend.registry.structs import RecordKind
from backend.registry.vocabulary import VOCABULARY
from offline.wire import Reason

RESIDENT_CARDS = frozenset({"111", "112"})
TABLES: Mapping[RecordKind, Mapping[str, str]] = {
    "person": {"id_type": "id_type", "sex": "sex", "ethnicity": "ethnicity", "kind": "person_kind"},
    "room": {"use": "room_use", "occupancy": "occupancy"},
}
"""By field, the code table it is from."""
REQUIRED: Mapping[RecordKind, Mapping[str, str]] = {
    "person": {"name": "请填写姓名", "room": "请选择房屋"},
    "room": {"address": "请填写地址", "grid": "请选择网格"},
}
"""What a new record must have."""
_NUMBER_FAULTS: Mapping[NumberFault, str] = {
    "length": "身份证号码应为 18 位",
    "character": "身份证号码只能是数字,最后一位可以是 X",
    "birth_date": "身份证号码里的出生日期不存在",
    "check_digit": "身份证号码的校验位不对,请核对",
}


def faults(
    kind: RecordKind, values: Mapping[str, Any], today: date, *, new: bool = False
) -> list[Reason]:
    """What is wrong with the values given for a record, by field. A number of an unknown area is
    let pass: areas were abolished.
    """
    found = [
        Reason("required", message, f"payload.fields.{field}")
        for field, message in REQUIRED[kind].items()
        if (new or field in values) and not _given(values.get(field))
    ]
    if not values:
        found.append(Reason("nothing", "没有要修改的内容", "payload.fields"))
    found += [
        Reason("unknown_code", "没有这个选项", f"payload.fields.{field}")
        for field, table in TABLES[kind].items()
        if values.get(field) is not None and values[field] not in VOCABULARY[table]
    ]
    if kind == "person":
        found += _person_faults(values, today)
    return found


def _person_faults(values: Mapping[str, Any], today: date) -> list[Reason]:
    found: list[Reason] = []
    number, id_type = values.get("number"), values.get("id_type")
    if number is not None and (id_type in RESIDENT_CARDS or (id_type is None and len(number) > 17)):
        fault = number_fault(number, today)
        if fault is not None and fault in _NUMBER_FAULTS:
            found.append(Reason(fault, _NUMBER_FAULTS[fault], "payload.fields.number"))
    birth = values.get("birth")
    if birth is not None and date.fromisoformat(birth) > today:
        found.append(Reason("birth_date", "出生日期不能在今天之后", "payload.fields.birth"))
    return found


def _given(value: object) -> bool:
    return value is not None and value != "" and not (isinstance(value, str) and value.isspace())
