"""The demo city's event types for the hub: invented, in the manner of a city's event list."""

from collections.abc import Iterator

from backend.catalogue.flow import Limit, LimitUnit
from backend.catalogue.importing.rows import CategoryRow, DispatchRow, StandardRow

FLOW = "event_hub"
CLASSES = (
    ("H01", "社会平安"),
    ("H02", "公共安全"),
    ("H03", "民生服务"),
    ("H04", "应急突发"),
)
TYPES: tuple[tuple[str, str, list[str], str, str, str, str, int, LimitUnit], ...] = (
    (
        "H0101",
        "矛盾纠纷",
        ["邻里纠纷", "吵架", "劳资纠纷", "讨薪", "物业纠纷"],
        "dispute",
        "居民、单位之间的纠纷,可能激化的",
        "双方达成一致或已引导至法定途径",
        "oh-zf",
        5,
        "work_day",
    ),
    (
        "H0102",
        "噪声扰民",
        ["广场舞", "太吵", "夜间施工", "半夜施工"],
        "",
        "影响周边居民正常生活的噪声",
        "声源停止或降到标准以内",
        "oh-zf",
        3,
        "work_day",
    ),
    (
        "H0103",
        "群体聚集苗头",
        ["聚集", "上访", "堵门"],
        "dispute",
        "多人聚集反映同一诉求的苗头",
        "人员劝返,诉求已登记交办",
        "oh-zf",
        4,
        "urgent_hour",
    ),
    (
        "H0201",
        "消防隐患",
        ["楼道堆物", "飞线充电", "电动车进楼", "消防通道堵塞"],
        "hazard",
        "住宅、经营场所的火灾隐患",
        "隐患消除,复查合格",
        "oh-zj",
        3,
        "work_day",
    ),
    (
        "H0202",
        "用气隐患",
        ["煤气味", "软管老化", "瓶装气"],
        "hazard",
        "居民、餐饮场所用气不安全",
        "隐患消除,用户已签收告知书",
        "oh-rq",
        1,
        "work_day",
    ),
    (
        "H0203",
        "房屋安全隐患",
        ["墙体开裂", "危房", "外墙脱落"],
        "hazard",
        "房屋开裂、倾斜、外墙脱落等",
        "已鉴定,危险部位已处置或人员已撤离",
        "oh-zj",
        2,
        "work_day",
    ),
    (
        "H0301",
        "群众诉求",
        ["停水", "停电", "投诉", "反映问题"],
        "appeal",
        "群众反映、需部门答复的事项",
        "已答复诉求人",
        "oh-zf",
        5,
        "work_day",
    ),
    (
        "H0302",
        "困难帮扶",
        ["低保", "独居老人", "临时救助"],
        "appeal",
        "家庭生活困难、需要帮助的",
        "已上门核实并落实帮扶或说明政策",
        "oh-zf",
        5,
        "work_day",
    ),
    (
        "H0401",
        "汛情险情",
        ["涨水", "山体滑坡", "河水漫堤", "内涝"],
        "hazard",
        "强降雨引起的险情",
        "险情解除,人员安全",
        "oh-sl",
        4,
        "urgent_hour",
    ),
)
"""(code, name, synonyms, form, filing condition, closing standard, org of the matrix, limit)."""


def categories() -> tuple[list[CategoryRow], list[StandardRow]]:
    """Classes and types, and the one standard of each type."""
    rows = [CategoryRow(code=code, name=name, kind="event", flow=FLOW) for code, name in CLASSES]
    standards: list[StandardRow] = []
    for code, name, synonyms, form, condition, closing, _, value, unit in TYPES:
        rows.append(
            CategoryRow(
                code=code,
                name=name,
                kind="event",
                parent=code[:3],
                synonyms=synonyms,
                flow=FLOW,
                form=form,
                self_handling=False,
            )
        )
        standards.append(
            StandardRow(
                category=code,
                number=1,
                filing_condition=condition,
                closing_standard=closing,
                limit=Limit(value, unit),
            )
        )
    return rows, standards


def dispatch(county: str) -> Iterator[DispatchRow]:
    """Whom the matrix names for each type, with the type's own limit."""
    for code, _, _, _, _, closing, org, value, unit in TYPES:
        yield DispatchRow(
            category=code, area=county, org=org, limit=Limit(value, unit), standard=closing
        )
