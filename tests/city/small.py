"""A city of a few rows in CSV files, to break in one place at a time."""

import csv
import json
from pathlib import Path

COUNTY = "999901"
SHEETS: dict[str, list[list[str]]] = {
    "区划": [
        ["编码", "名称", "类型", "级别", "上级编码", "启用日期", "停用日期", "继任编码"],
        [COUNTY, "样例区", "行政区划", "1", "", "2026-01-01", "", ""],
        ["999901001", "东街道", "行政区划", "2", COUNTY, "2026-01-01", "", ""],
        ["999901001001", "第一网格", "责任网格", "4", "999901001", "2026-01-01", "", ""],
        ["999901001002", "第二网格", "责任网格", "4", "999901001", "2026-01-01", "", ""],
    ],
    "部门": [
        ["编码", "名称", "类型", "上级编码", "所在区划"],
        ["centre", "指挥中心", "中心", "", COUNTY],
        ["water", "供水公司", "企业", "centre", COUNTY],
    ],
    "角色": [
        ["编码", "名称", "权限"],
        ["grid_worker", "网格员", "case.report、task.answer"],
    ],
    "岗位": [
        ["编码", "名称", "部门", "角色", "负责区划", "负责类别"],
        ["p1", "第一网格员", "centre", "grid_worker", "999901001001", ""],
    ],
    "人员": [
        ["编码", "姓名", "在用", "初始密码"],
        ["wg01", "样立春", "是", ""],
    ],
    "任职": [
        ["人员", "岗位", "起始日期", "截止日期"],
        ["wg01", "p1", "2026-01-01", ""],
    ],
    "类别": [
        ["编码", "名称", "类型", "上级编码", "必拍照片", "流程", "表单", "核查方式", "自动派遣"],
        ["C01", "公用设施", "部件", "", "", "", "", "", ""],
        ["C0101", "上水井盖", "部件", "C01", "近景、远景", "", "", "凭照片结案", "是"],
        ["E01", "市容环境", "事件", "", "", "", "", "", ""],
    ],
    "立案标准": [
        ["类别", "序号", "立案条件", "结案标准", "时限"],
        ["C0101", "1", "缺失", "恢复", "2紧急工作时"],
        ["C0101", "2", "破损", "更换", "4工作时"],
    ],
    "日历": [
        ["编码", "名称", "周一", "周二"],
        ["standard", "标准", "08:00-12:00、14:00-18:00", "08:00-12:00"],
    ],
    "节假日": [
        ["日历", "日期", "上班", "名称"],
        ["standard", "2026-10-01", "否", "国庆节"],
    ],
    "日历适用": [
        ["类别", "部门", "区划", "日历"],
        ["C01", "water", "", "standard"],
    ],
    "目标组": [
        ["部门", "编码", "名称", "目标部门", "方式", "要求", "在用"],
        ["centre", "flood", "防汛", "water", "主办", "到场", "是"],
        ["centre", "flood", "防汛", "centre", "抄送", "", "是"],
    ],
    "标签": [
        ["编码", "名称", "归口部门", "适用区划", "颜色", "启用日期", "停用日期"],
        ["flood", "防汛", "centre", COUNTY, "蓝", "2026-01-01", "2026-12-31"],
    ],
    "派遣规则": [
        ["类别", "区划", "部门", "时限", "处置要求"],
        ["C01", COUNTY, "water", "", ""],
    ],
    "参数": [["编码", "值"], ["late_hours", "24"]],
}
PACK = Path(__file__).parents[2] / "shared-schemas" / "packs" / "330304"
FLOW = PACK / "flow-city-management.json"


def square(west: float, south: float, side: float = 1.0) -> list[list[float]]:
    """A closed ring."""
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


class City:
    """The files, and the ways to change them. Rows count as spreadsheets do, the header is 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.encoding = "utf-8-sig"
        self.sheets = {title: [list(row) for row in rows] for title, rows in SHEETS.items()}
        self.outlines = {
            "999901001001": square(120, 30),
            "999901001002": square(121, 30),
        }
        self.flow = json.loads(FLOW.read_text(encoding="utf-8"))

    def set(self, sheet: str, row: int, header: str, value: str) -> None:
        """Change a cell."""
        self.sheets[sheet][row - 1][self.sheets[sheet][0].index(header)] = value

    def write(self) -> Path:
        """Write every file; the folder holds nothing else afterwards."""
        for old in self.folder.iterdir():
            old.unlink()
        for title, rows in self.sheets.items():
            path = self.folder / f"{title}.csv"
            with path.open("w", encoding=self.encoding, newline="") as file:
                csv.writer(file).writerows(rows)
        features = [
            {
                "type": "Feature",
                "properties": {"code": code},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
            for code, ring in self.outlines.items()
        ]
        collection = {"type": "FeatureCollection", "features": features}
        (self.folder / "网格.geojson").write_text(json.dumps(collection), encoding="utf-8")
        (self.folder / "flow.json").write_text(json.dumps(self.flow), encoding="utf-8")
        return self.folder
