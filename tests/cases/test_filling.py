"""A report by its category's form, and actions that ask more: answers decide, and are kept."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from backend.cases.rules import filling
from backend.cases.structs import ReportCase
from backend.catalogue.flow import Flow
from backend.catalogue.form import Form, FormRef
from backend.core.position import Position
from tests.cases.city import photo
from tests.cases.stage import CATEGORY, Stage, person


def _form(version: int, **field: Any) -> Form:
    return msgspec.convert(
        {
            "code": "hole",
            "name": "井盖",
            "version": version,
            "items": [
                {
                    "type": "group",
                    "name": "place",
                    "label": "位置",
                    "items": [
                        {
                            "type": "field",
                            "name": "lane",
                            "label": "车道",
                            "kind": "choice",
                            "required": "true()",
                            "choices": [
                                {"code": "car", "name": "机动车道"},
                                {"code": "foot", "name": "人行道"},
                            ],
                        }
                        | field
                    ],
                },
                {"type": "field", "name": "picture", "label": "照片", "kind": "photo"},
                {
                    "type": "field",
                    "name": "danger",
                    "label": "危险",
                    "kind": "calculated",
                    "calculation": "if(${lane} = 'car', 2, 1)",
                },
            ],
        },
        Form,
    )


OLD, NEW = _form(1), _form(2, label="在哪条道")
FLOW = msgspec.convert(
    {
        "code": "test",
        "name": "测试",
        "version": 1,
        "initial": "new",
        "initial_self_handled": "new",
        "states": [
            {"code": "new", "name": "新", "stage": "reported"},
            {"code": "urgent", "name": "抢修", "stage": "filed"},
            {"code": "usual", "name": "养护", "stage": "filed"},
        ],
        "actions": [
            {
                "code": "route",
                "name": "分派",
                "states": ["new"],
                "permission": "case.dispatch",
                "items": [
                    {
                        "type": "field",
                        "name": "depth",
                        "label": "深度",
                        "kind": "number",
                        "required": "${lane} = 'car'",
                        "minimum": 0,
                    }
                ],
                "branches": [
                    {"when": "${danger} = 2 and ${depth} > 50", "to": "urgent"},
                    {"to": "usual"},
                ],
            }
        ],
        "boxes": [],
    },
    Flow,
)
CLERK = person("centre", "case.dispatch")
FORMED = msgspec.structs.replace(CATEGORY, form="hole")


def _stage(**answers: Any) -> Stage:
    return Stage(FLOW, FORMED, forms=[OLD, NEW], answers=answers)


def test_what_was_answered_at_the_report_and_now_decides_where_an_action_leads() -> None:
    deep = _stage(place={"lane": "car"})
    assert deep.case.reports[0].answers == {"place": {"lane": "car"}, "danger": 2}
    assert deep.case.reports[0].form == FormRef("hole", 2)
    assert deep.refused(CLERK, "route") == [("required", "payload.answers.depth")]
    case = deep.act(CLERK, "route", answers={"depth": 80})
    assert (case.state, case.steps[-1].answers) == ("urgent", {"depth": 80})
    shallow = _stage(place={"lane": "foot"})
    assert shallow.act(CLERK, "route").state == "usual"


def _filled(**changes: Any) -> tuple[ReportCase, list[tuple[str, str | None]]]:
    stage = Stage(FLOW, CATEGORY, forms=[OLD, NEW])
    fields: dict[str, Any] = {
        "case": uuid4(),
        "report": uuid4(),
        "category": "C0101",
        "description": "井盖破了",
        "position": Position(longitude=120.6, latitude=28.0),
        "answers": {"place": {"lane": "foot"}},
    }
    report = ReportCase(**(fields | changes))
    kept, wrong = filling.filled_report(report, FORMED, stage.doing(CLERK), set())
    return kept, [(reason.code, reason.field) for reason in wrong]


def test_a_report_stays_with_the_version_it_was_filled_by() -> None:
    kept, wrong = _filled(form=FormRef("hole", 1))
    assert (kept.form, wrong) == (FormRef("hole", 1), [])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"answers": {}}, ("required", "payload.answers.place.lane")),
        ({"answers": {"place": {"lane": "air"}}}, ("not_a_choice", "payload.answers.place.lane")),
        ({"form": FormRef("hole", 9)}, ("unknown_form", "payload.form")),
        ({"form": FormRef("tree", 1)}, ("unknown_form", "payload.form")),
        (
            {"answers": {"place": {"lane": "foot"}, "picture": [str(uuid4())]}},
            ("unknown_media", "payload.answers.picture"),
        ),
    ],
)
def test_a_badly_filled_form_is_named_by_field(
    changes: dict[str, Any], reason: tuple[str, str]
) -> None:
    assert _filled(**changes)[1] == [reason]


def test_a_picture_of_the_form_is_one_that_the_report_brings() -> None:
    picture = photo("form")
    answers = {"place": {"lane": "foot"}, "picture": [str(picture.id)]}
    assert _filled(answers=answers, media=[picture])[1] == []


def test_a_category_without_a_form_keeps_no_answers() -> None:
    case = Stage(FLOW, CATEGORY, answers={"any": 1}, form=FormRef("hole", 1)).case
    assert (case.reports[0].form, case.reports[0].answers) == (None, {})
