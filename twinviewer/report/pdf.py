"""The report of a case as PDF: page one for a referring doctor, then the details; contents, bookmarks, page x of y."""

from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, CondPageBreak, Frame, PageBreak, PageTemplate, TableStyle
from reportlab.platypus.tableofcontents import TableOfContents

from twinviewer import __version__
from twinviewer.domain import RenderError, Reporter, silent
from twinviewer.report import MEASURED_ONLY, RESEARCH_ONLY, TYPED_ONLY, can_report
from twinviewer.report.pages.deltas import delta_tables
from twinviewer.report.pages.fit import fit_page
from twinviewer.report.pages.fonts import REGULAR
from twinviewer.report.pages.front import front
from twinviewer.report.pages.images import images_page
from twinviewer.report.pages.inks import inked
from twinviewer.report.pages.key_images import key_images_page
from twinviewer.report.pages.limits import limits_page
from twinviewer.report.pages.measures import measures_page
from twinviewer.report.pages.provenance import provenance_page
from twinviewer.report.pages.scenarios import scenarios_page
from twinviewer.report.pages.signals import map_pages, signal_pages
from twinviewer.report.pages.story import title_of
from twinviewer.report.pages.studies import studies_pages
from twinviewer.report.pages.styles import HEADING, MARGIN, QUIET_INK, TEXT, WIDTH, Heading, said
from twinviewer.report.studio import footer
from twinviewer.session.case import Case

TOP, BOTTOM = 13 * mm, 16 * mm


def pdf(case: Case, path: Path, report: Reporter = silent) -> Path:
    """Write the report and return its path. RenderError: nothing to report, no renderer, no disk space."""
    if not can_report(case):
        raise RenderError("There is nothing to report yet", remedy="Segment and simulate first")
    simulated = any(one.run is not None for one in case.scenarios)
    notice = RESEARCH_ONLY if simulated else TYPED_ONLY if case.typed else MEASURED_ONLY
    story = _story(case, notice, report)
    report(0.8, "Setting the pages")
    partial = path.with_name(path.name + ".partial")
    try:
        _Document(partial, case, notice).multiBuild(_kept_together(story))
        partial.replace(path)
    except OSError as error:
        raise RenderError("The report could not be written", where=path.name, remedy="Check free space") from error
    finally:
        partial.unlink(missing_ok=True)
    report(1.0, "Report written")
    return path


def _story(case: Case, notice: str, report: Reporter) -> list[Any]:
    report(0.02, "Drawing page one")
    made = f"Made {date.today().isoformat()} by Twinviewer {__version__}"
    shown = inked(case)
    story: list[Any] = [*front(case, notice, made), PageBreak()]
    story += [said("Contents", HEADING), _contents()]
    report(0.35, "Drawing the images")
    story += images_page(case)
    story += key_images_page(case)
    report(0.55, "Setting the tables")
    story += measures_page(case)
    story += fit_page(case)
    story += scenarios_page(case)
    story += delta_tables(case)
    story += studies_pages(case)
    report(0.65, "Drawing curves and maps")
    story += signal_pages(shown)
    story += [*([PageBreak()] if shown else []), *map_pages(case, shown)]
    story += [*provenance_page(case), *limits_page(case)]
    return story


def _kept_together(story: list[Any]) -> list[Any]:
    """No heading at the foot of a page."""
    out: list[Any] = []
    for one in story:
        if isinstance(one, Heading):
            out.append(CondPageBreak((50, 32)[one.level] * mm))
        out.append(one)
    return out


def _contents() -> TableOfContents:
    made = TableOfContents(dotsMinLevel=0)
    made.tableStyle = TableStyle([("FONT", (0, 0), (-1, -1), REGULAR, 7), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    made.levelStyles = [ParagraphStyle("toc", parent=TEXT, leading=11)]
    return made


class _Document(BaseDocTemplate):
    """Pages with a footer; headings go into the contents and the bookmarks."""

    def __init__(self, path: Path, case: Case, notice: str) -> None:
        super().__init__(
            str(path), pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=TOP, bottomMargin=BOTTOM,
            title=f"{title_of(case)}, {case.patient.pseudonym}".rstrip(", "), author="Twinviewer", subject=notice,
            creator=f"Twinviewer {__version__}", producer="reportlab", keywords="research only, not for clinical use",
            lang="en", displayDocTitle=True, initialFontName=REGULAR,
        )  # fmt: skip
        self._footer, self._pages, self._marks = footer(case), 0, 0
        frame = Frame(MARGIN, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0, id="page")
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._on_page))

    def beforeDocument(self) -> None:
        """Each pass counts anew; the page count is the one of the pass before."""
        self._marks = 0

    def _on_page(self, canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(REGULAR, 6.4)
        canvas.setFillColor(QUIET_INK)
        canvas.drawString(MARGIN, 9 * mm, self._footer)
        of = f" of {self._pages}" if self._pages else ""
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, f"Twinviewer {__version__} · page {page.page}{of}")
        canvas.restoreState()

    def afterPage(self) -> None:
        """Remember how many there are."""
        self._pages = max(self._pages, self.page)

    def afterFlowable(self, flowable: Any) -> None:
        """A heading's bookmark, and its line in the contents."""
        for one in _headings(flowable):
            self._marks += 1
            mark = f"part{self._marks}"
            self.canv.bookmarkPage(mark)
            self.canv.addOutlineEntry(one.said, mark, level=one.level, closed=one.level == 0)
            if one.level == 0:
                self.notify("TOCEntry", (0, escape(one.said), self.page, mark))


def _headings(flowable: Any) -> list[Heading]:
    return [flowable] if isinstance(flowable, Heading) else []
