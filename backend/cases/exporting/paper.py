"""A4 paper that Chinese of any length is written on.

All of this takes CPU: call it in a thread. Long texts flow over pages; nothing that people typed
at length stands in a table row, which must fit on one.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from backend.cases.exporting import words
from backend.cases.exporting.sheet import clean
from backend.media.pictures import FONT

SANS = "sans"
INK, SOFT, LINE, ACCENT = (26, 38, 43), (96, 112, 118), (196, 206, 209), (11, 79, 86)
"""RGB."""
_TINT = (238, 244, 243)
_BLANKS = re.compile(r"\n{3,}")


class Paper(FPDF):
    """A document with one note at the foot of all its pages."""

    def __init__(self, title: str, note: str) -> None:
        super().__init__(format="A4")
        self._note = note
        self.add_font(SANS, fname=FONT)
        font = self.fonts[SANS]
        assert isinstance(font, TTFFont)
        self._letters = font.cmap
        self.set_margins(15, 15)
        self.set_auto_page_break(True, margin=18)
        self.set_title(title)
        self.set_lang("zh-CN")
        self.set_draw_color(*LINE)
        self.add_page()

    def footer(self) -> None:
        """The note and the page."""
        self.set_y(-13)
        self.ink(SOFT, 8)
        self.cell(0, 5, self.said(self._note))
        self.set_x(self.l_margin)
        self.cell(0, 5, f"第 {self.page_no()} 页，共 {{nb}} 页", align="R")

    def said(self, text: str) -> str:
        """Text as the font can write it; what it lacks is a box, as on the watermark."""
        tidy = _BLANKS.sub("\n\n", clean(text).replace("\t", " "))
        return "".join(c if c == "\n" or ord(c) in self._letters else "□" for c in tidy)

    def ink(self, colour: tuple[int, int, int], size: float) -> None:
        """Colour (RGB) and size (points) of what is written next."""
        self.set_text_color(*colour)
        self.set_font(SANS, size=size)

    def head(self, text: str, beneath: str) -> None:
        """What it is, over the page's width."""
        self.ink(INK, 18)
        self.cell(0, 11, text, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ink(SOFT, 10)
        self.cell(0, 7, beneath, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def heading(self, text: str, needs: float = 25) -> None:
        """Of a section, on a page with room for its beginning (mm)."""
        if self.will_page_break(needs):
            self.add_page()
        self.ln(3)
        self.ink(ACCENT, 12.5)
        self.cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def flowing(self, text: str, indent: float = 0) -> None:
        """A text of any length."""
        self.ink(INK, 10.5)
        self.set_x(self.l_margin + indent)
        self.multi_cell(
            0, 5.8, self.said(text), wrapmode=WrapMode.CHAR, align="L",
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip

    def entry(self, head: str, at: datetime | None, *bodies: str) -> None:
        """One of several things: what and when on one line, and what was said of it below."""
        if self.will_page_break(14):
            self.add_page()
        top = self.get_y()
        self.ink(SOFT, 9.5)
        self.cell(0, 6.4, words.moment(at), align="R", new_x=XPos.LMARGIN, new_y=YPos.TOP)
        self.ink(INK, 10.5)
        self.set_y(top)
        self.multi_cell(
            self.epw - 42, 6.4, self.said(head.replace("\n", " ")), wrapmode=WrapMode.CHAR,
            align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        for body in filter(None, bodies):
            self.flowing(body, indent=5)
        self.set_y(self.get_y() + 1.2)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.set_y(self.get_y() + 1.2)

    def pairs(self, pairs: Sequence[tuple[str, str]], *, across: int) -> None:
        """Short facts beside their names, so many pairs on a line."""
        name, lines = FontFace(color=SOFT, fill_color=_TINT), len(pairs)
        self.ink(INK, 10)
        widths = (24, self.epw / across - 24) * across
        with self.table(
            col_widths=widths, first_row_as_headings=False, line_height=5.4, padding=1.1,
            text_align="L", wrapmode=WrapMode.CHAR,
        ) as table:  # fmt: skip
            for start in range(0, lines, across):
                row = table.row()
                shown = [*pairs[start : start + across], *[("", "")] * across][:across]
                for title, value in shown:
                    row.cell(title, style=name)
                    row.cell(self.said(value.replace("\n", " ")))
