"""The demo city's orgs, roles and people: invented, and to be seen as such."""

from collections.abc import Iterator, Sequence
from datetime import date

from backend.directory.importing.rows import AppointmentRow, OrgRow, PostRow, RoleRow, UserRow

START = date(2026, 1, 1)
PASSWORD = "Xunge-2026"
CENTRE = "oh-zx"
ORGS = (
    (CENTRE, "城市运行管理中心", "centre"),
    ("oh-zf", "综合行政执法局", "department"),
    ("oh-zj", "住房和城乡建设局", "department"),
    ("oh-sz", "市政园林管理中心", "department"),
    ("oh-hw", "环境卫生管理中心", "department"),
    ("oh-jj", "交通警察大队", "department"),
    ("oh-sl", "水利局", "department"),
    ("oh-hb", "生态环境分局", "department"),
    ("oh-gs", "供水公司", "company"),
    ("oh-gd", "供电公司", "company"),
    ("oh-rq", "燃气公司", "company"),
    ("oh-tx", "通信公司", "company"),
)
_DESK = [
    "case.browse",
    "case.register",
    "case.accept",
    "case.verify",
    "case.file",
    "case.archive",
    "case.close",
    "case.merge",
    "case.call_back",
    "case.mark",
    "case.hand_over",
    "case.export",
]
_DISPATCH = ["case.dispatch", "case.assign", "case.check", "case.suspend", "request.answer"]
_ABOVE = [
    "case.browse",
    "case.supervise",
    "case.direct",
    "case.circulate",
    "case.own",
    "case.export",
    "evaluation.browse",
]
_KEEP = ["person.browse", "person.edit"]
_HUB = ["case.report", "case.assign", "case.handle", "case.request", "case.hand_over"]
ROLES = (
    (
        "grid_worker",
        "网格员",
        ["case.report", "task.answer", "case.hand_over", *_KEEP],
    ),
    ("supervisor", "监督员", ["case.report", "task.answer", "case.browse"]),
    ("acceptance_clerk", "受理员", _DESK),
    (
        "dispatcher",
        "派遣员",
        [
            "case.browse",
            "case.file",
            *_DISPATCH,
            "case.correct",
            "case.mark",
            "case.supervise",
            "case.merge",
            "case.hand_over",
            "case.export",
        ],
    ),
    (
        "shift_leader",
        "值班长",
        [
            "case.report",
            *_DESK,
            *_DISPATCH,
            "case.void",
            "case.correct",
            "case.supervise",
            "case.own",
            "case.handle",
            "case.request",
            "request.decide",
            "evaluation.browse",
            "media.original",
            "person.unmask",
        ],
    ),
    (
        "handler",
        "处置人员",
        ["case.assign", "case.handle", "case.request", "case.suspend", "case.hand_over"],
    ),
    (
        "community_staff",
        "社区工作者",
        ["case.report", "task.answer", "case.browse", *_KEEP, "person.unmask"],
    ),
    ("leader", "领导", [*_ABOVE, "request.approve"]),
    ("system_admin", "系统管理员", ["admin.system"]),
    ("security_admin", "安全管理员", ["admin.security"]),
    ("audit_admin", "审计管理员", ["admin.audit"]),
    (
        "commander",
        "指挥长",
        [*_ABOVE, "case.mark", "request.answer", "request.decide", "request.approve"],
    ),
    ("town_officer", "镇街事件专员", [*_HUB, "case.browse", "case.export"]),
    ("community_officer", "社区事件专员", _HUB),
    ("town_leader", "镇街领导", ["case.browse", "case.direct", "case.supervise", "case.own"]),
    ("registrar", "人房登记员", [*_KEEP, "person.full", "person.settle", "person.unmask"]),
)
_SURNAMES = "巡格试样例范"
_TERMS = [
    "立春",
    "雨水",
    "惊蛰",
    "春分",
    "清明",
    "谷雨",
    "立夏",
    "小满",
    "芒种",
    "夏至",
    "小暑",
    "大暑",
    "立秋",
    "处暑",
    "白露",
    "秋分",
    "寒露",
    "霜降",
    "立冬",
    "小雪",
    "大雪",
    "冬至",
    "小寒",
    "大寒",
]

Town = tuple[str, str, Sequence[tuple[str, str, Sequence[str]]]]
"""(code, name, communities of (code, name, grid codes))."""


class People:
    """Orgs, posts, users and appointments of a county."""

    def __init__(self, county: str, towns: Sequence[Town]) -> None:
        self.orgs = list(_orgs(county, towns))
        self.roles = [RoleRow(code=c, name=n, permissions=p) for c, n, p in ROLES]
        self.posts: list[PostRow] = []
        self.users: list[UserRow] = []
        self.appointments: list[AppointmentRow] = []
        self._grid_workers(towns)
        self._town_people(towns)
        self._centre_people(county)
        self._handlers(county, towns)
        self._two_posts()
        self._hub_people(county, towns)

    def _add(self, code: str, name: str, org: str, role: str, areas: list[str]) -> None:
        """A user with a post of the same code."""
        count = len(self.users)
        person = _SURNAMES[count // len(_TERMS)] + _TERMS[count % len(_TERMS)]
        self.users.append(UserRow(code=code, name=person, password=PASSWORD))
        self.posts.append(PostRow(code=code, name=name, org=org, role=role, areas=areas))
        self.appointments.append(AppointmentRow(user=code, post=code, valid_from=START))

    def _grid_workers(self, towns: Sequence[Town]) -> None:
        """Two workers in each of 20 communities: one grid is served by both, most by one, the last
        ones by none.
        """
        served = [(t, c) for t in towns for c in t[2] if len(c[2]) >= 4]
        for number, ((town, _, _), (_, community, grids)) in enumerate(served[:20]):
            first = [*grids[:2], *grids[3:4]] if number % 3 == 0 else [*grids[:2]]
            second = [grids[2]] if number % 2 else [grids[2], grids[1]]
            for offset, own in enumerate((first, second), start=1):
                code, name = f"wg{2 * number + offset:03}", f"{community}网格员"
                self._add(code, name, town_org(town), "grid_worker", own)

    def _town_people(self, towns: Sequence[Town]) -> None:
        for number, (code, name, _) in enumerate(towns[:3], start=1):
            self._add(f"jd{number:02}", f"{name}监督员", CENTRE, "supervisor", [code])
        for number, (_, _, communities) in enumerate(towns[:4], start=1):
            code, name, _ = communities[0]
            post = f"{name}社区工作者"
            self._add(f"sq{number:02}", post, community_org(code), "community_staff", [code])

    def _centre_people(self, county: str) -> None:
        for prefix, role, count in (
            ("sl", "acceptance_clerk", 3),
            ("pq", "dispatcher", 3),
            ("zb", "shift_leader", 2),
            ("ld", "leader", 2),
            ("xt", "system_admin", 1),
            ("aq", "security_admin", 1),
            ("sj", "audit_admin", 1),
        ):
            title = next(name for code, name, _ in ROLES if code == role)
            for number in range(1, count + 1):
                self._add(f"{prefix}{number:02}", title, CENTRE, role, [county])

    def _handlers(self, county: str, towns: Sequence[Town]) -> None:
        orgs = [(code, name, county) for code, name, _ in ORGS if code != CENTRE]
        orgs += [(town_org(code), f"{name}办事处", code) for code, name, _ in towns]
        for number, (org, name, area) in enumerate(orgs, start=1):
            self._add(f"cz{number:02}", f"{name}处置人员", org, "handler", [area])

    def _hub_people(self, county: str, towns: Sequence[Town]) -> None:
        """A commander at the centre; in every town office and community committee somebody who
        takes and passes on the hub's events; a leader in the first towns.
        """
        self._add("zh01", "指挥长", CENTRE, "commander", [county])
        for number, (code, name, _) in enumerate(towns, start=1):
            self._add(f"zs{number:02}", f"{name}事件专员", town_org(code), "town_officer", [code])
        committees = [place for _, _, places in towns for place in places[:2]]
        for number, (code, name, _) in enumerate(committees, start=1):
            post = f"{name}事件专员"
            self._add(f"cs{number:02}", post, community_org(code), "community_officer", [code])
        for number, (code, name, _) in enumerate(towns[:3], start=1):
            self._add(f"zl{number:02}", f"{name}领导", town_org(code), "town_leader", [code])
        for number in (1, 2):
            self._add(f"dj{number:02}", "人房登记员", CENTRE, "registrar", [county])

    def _two_posts(self) -> None:
        """A shift leader who is also a dispatcher, and a grid worker who helps in a community."""
        for user, post in (("zb01", "pq01"), ("wg001", "sq01")):
            self.appointments.append(AppointmentRow(user=user, post=post, valid_from=START))


def town_org(town: str) -> str:
    """The code of a town's office."""
    return f"oh-{town[6:]}"


def community_org(community: str) -> str:
    """The code of a community's committee."""
    return f"oh-{community[6:]}"


def _orgs(county: str, towns: Sequence[Town]) -> Iterator[OrgRow]:
    for code, name, kind in ORGS:
        parent = None if code == CENTRE else CENTRE
        yield OrgRow(code=code, name=f"瓯海区{name}", kind=kind, parent=parent, area=county)
    for code, name, communities in towns:
        office = town_org(code)
        yield OrgRow(code=office, name=f"{name}办事处", kind="department", parent=CENTRE, area=code)
        for place, title, _ in communities[:2]:
            yield OrgRow(
                code=community_org(place), name=title, kind="community", parent=office, area=place
            )
