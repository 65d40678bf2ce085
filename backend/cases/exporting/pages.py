"""A case on paper: what it is, where, its photos, and if wanted all that was done about it.

All of this takes CPU: call it in a thread.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from backend.cases.exporting import answers, words
from backend.cases.exporting.paper import SOFT, Paper
from backend.cases.exporting.pictures import GROUPS, Photo, photos_of
from backend.cases.exporting.sheet import COLUMNS, Row
from backend.cases.exporting.sketch import draw
from backend.cases.structs import Assignment, Directive, Request, Step
from backend.catalogue.rules import action_of

PHOTO = (720, 540)
"""The box of pixels of a photo: 58 mm at 300 to the inch."""
_ACROSS = 3
_WIDTH, _HEIGHT, _GAP = 58.0, 43.5, 3.0  # mm
_TITLES = (
    "状态", "灯牌", "大类", "小类", "来源", "登记人", "来件号", "标签", "举报人", "举报电话",
    "上报时间", "到期时间", "办结时间", "督办", "主办部门", "协办部门", "结案权限", "回访",
)  # fmt: skip
_WIDE = ("标题", "地址", "所在区划与网格")
_FLOWING = ("问题描述", "表单内容", "立案条件")
_VALUES = {column.title: column.value for column in COLUMNS}


def write(row: Row, files: Mapping[UUID, Path], note: str, *, process: bool) -> bytes:
    """A case as a PDF. note: stands at the foot of every page."""
    case = row.case
    paper = Paper(f"案件 {case.number}", f"{case.number}　{note}")
    paper.head("案件办理单" if process else "案件信息单", f"编号 {case.number}")
    shown = [(title, _text(row, title)) for title in _TITLES]
    paper.pairs([(title, value) for title, value in shown if value], across=2)
    wide = [(title.replace("所在区划与网格", "所在网格"), _text(row, title)) for title in _WIDE]
    paper.pairs([(title, value) for title, value in wide if value], across=1)
    for title in _FLOWING:
        if text := _text(row, title):
            paper.heading(title)
            paper.flowing(text)
    draw(paper, row)
    _photos(paper, photos_of(case, files), files)
    if process:
        _process(paper, row)
    return bytes(paper.output())


def _text(row: Row, title: str) -> str:
    value = _VALUES[title](row)
    return words.moment(value) if isinstance(value, datetime) else str(value or "")


def _photos(paper: Paper, photos: Sequence[Photo], files: Mapping[UUID, Path]) -> None:
    for group in GROUPS:
        shown = [photo for photo in photos if photo.group == group]
        for start in range(0, len(shown), _ACROSS):
            if start == 0:
                paper.heading(f"{group}照片（{len(shown)} 张）", _HEIGHT + 22)
            elif paper.will_page_break(_HEIGHT + 8):
                paper.add_page()
            _row(paper, shown[start : start + _ACROSS], files)


def _row(paper: Paper, photos: Sequence[Photo], files: Mapping[UUID, Path]) -> None:
    top = paper.get_y()
    for place, photo in enumerate(photos):
        left = paper.l_margin + place * (_WIDTH + _GAP)
        file = files.get(photo.media)
        paper.ink(SOFT, 9)
        if file is None:
            paper.rect(left, top, _WIDTH, _HEIGHT)
            paper.set_xy(left, top + _HEIGHT / 2 - 3)
            paper.cell(_WIDTH, 6, "照片未到或无法显示", align="C")
        else:
            paper.image(
                file, left, top, _WIDTH, _HEIGHT, keep_aspect_ratio=True, alt_text=photo.caption
            )
        paper.set_xy(left, top + _HEIGHT + 0.5)
        paper.cell(_WIDTH, 5, f"{photo.caption}　{words.moment(photo.at)}", align="C")
    paper.set_xy(paper.l_margin, top + _HEIGHT + 7)


def _process(paper: Paper, row: Row) -> None:
    case, names = row.case, row.names
    if case.assignments:
        paper.heading("承办部门")
        for part in case.assignments:
            paper.entry(*_part(part, row))
    paper.heading("办理过程")
    for step in case.steps:
        paper.entry(_step_head(step, row), step.occurred_at, *_step_bodies(step, row))
    if case.requests:
        paper.heading("申请与审批")
        for request in case.requests:
            _request(paper, request, row)
    if case.directives:
        paper.heading("督办与批示")
        for directive in case.directives:
            _directive(paper, directive, row)
    call = case.call_back
    if call is not None:
        paper.heading("回访与满意度")
        paper.entry(f"{_text(row, '回访')}　{names.user(call.user)}".strip(), call.at)


def _part(part: Assignment, row: Row) -> tuple[str, datetime, str, str]:
    limit = f"　时限 {words.limit(part.limit)}" if part.limit else ""
    state = words.PART_STATES[part.state]
    head = f"{words.PARTS[part.kind]}　{row.names.org(part.org)}　{state}{limit}"
    ended = f"办结：{words.moment(part.answered_at)}" if part.answered_at else ""
    return head, part.assigned_at, part.requirement and f"要求：{part.requirement}", ended


def _step_head(step: Step, row: Row) -> str:
    who = f"{row.names.user(step.user)}（{row.names.org(step.org)}）" if step.user else "系统"
    late = "　迟到的材料" if step.late else ""
    return f"{row.names.step(step, row.case)}　{who}{late}"


def _step_bodies(step: Step, row: Row) -> Iterator[str]:
    verdict = row.names.verdict(step, row.case)
    if verdict:
        yield f"结论：{verdict}"
    if step.orgs:
        yield f"部门：{row.names.orgs(step.orgs)}"
    if step.opinion and step.action != "report":  # which says what the description says
        yield f"意见：{step.opinion}"
    flow = row.names.flow(row.case)
    action = action_of(flow, step.action) if flow else None
    if action and action.items:
        yield from answers.lines(action.items, step.answers, row.names)


def _request(paper: Paper, request: Request, row: Row) -> None:
    names = row.names
    paper.entry(
        f"{words.REQUESTS[request.kind]}　{names.user(request.user)}（{names.org(request.org)}）　"
        f"{words.REQUEST_STATES[request.state]}",
        request.asked_at,
        f"理由：{request.reason}",
        f"申请延长：{words.limit(request.limit)}" if request.limit else "",
        f"原到期：{words.moment(request.old_due_at)}" if request.old_due_at else "",
        f"新到期：{words.moment(request.new_due_at)}" if request.new_due_at else "",
        f"挂账到：{words.moment(request.until)}" if request.until else "",
    )
    for word in request.words:
        who = f"{names.user(word.user)}（{names.org(word.org)}）"
        head = f"　答复：{words.VERDICTS[word.verdict]}　{who}"
        paper.entry(head, word.at, word.opinion)


def _directive(paper: Paper, directive: Directive, row: Row) -> None:
    names, by = row.names, directive.signature
    who = f"{by.name}（{by.org} {by.title}）" if by else names.user(directive.user)
    paper.entry(
        f"{words.DIRECTIVES[directive.kind]}　{who}",
        directive.at,
        directive.content,
        f"要求回复：{words.moment(directive.due_at)}前" if directive.due_at else "",
    )
    if directive.answered_at:
        head = f"　回复：{names.user(directive.answered_by)}"
        paper.entry(head, directive.answered_at, directive.answer)
