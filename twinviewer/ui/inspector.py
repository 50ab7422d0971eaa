"""The right panel: the page of the step in view."""

from PySide6.QtWidgets import QStackedWidget

from twinviewer.ui.page import Page
from twinviewer.ui.page_report import ReportPage
from twinviewer.ui.pages_compare import ComparePage
from twinviewer.ui.pages_images import ImportPage, ModelPage, SegmentPage
from twinviewer.ui.pages_simulation import SimulatePage
from twinviewer.ui.step_bar import Step
from twinviewer.ui.theme import Look


class Inspector(QStackedWidget):
    """One page a step."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.importing = ImportPage(look)
        self.segment = SegmentPage(look)
        self.model = ModelPage(look)
        self.simulate = SimulatePage(look)
        self.compare = ComparePage(look)
        self.report = ReportPage(look)
        self.pages: dict[Step, Page] = {
            Step.IMPORT: self.importing,
            Step.SEGMENT: self.segment,
            Step.MODEL: self.model,
            Step.SIMULATE: self.simulate,
            Step.COMPARE: self.compare,
            Step.REPORT: self.report,
        }
        for page in self.pages.values():
            self.addWidget(page)

    def go(self, step: Step) -> None:
        """Show a step's page."""
        self.setCurrentWidget(self.pages[step])
