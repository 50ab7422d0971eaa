"""How thick the slices are: thin, or the mean, the brightest or the darkest of so many millimetres."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from twinviewer.scene.slab import THIN, Slab
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.image_display import ImageDisplay

SLABS = (("", "Thin"), ("mean", "Mean"), ("max", "MIP"), ("min", "MinIP"))
THICKNESSES_MM = (3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)
FIRST_MM = 10.0


class SlabChoice(QWidget):
    """Two boxes for the slab that all views of a case share."""

    def __init__(self, display: ImageDisplay) -> None:
        super().__init__()
        self.display = display
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        self.kind = ComboBox()
        self.kind.setToolTip("A thin slice, or what a slab shows: the mean, the brightest (MIP) or the darkest (MinIP)")
        self.kind.setAccessibleName("Slab")
        for key, text in SLABS:
            self.kind.addItem(text, key)
        self.thickness = ComboBox()
        self.thickness.setToolTip("Thickness of the slab")
        self.thickness.setAccessibleName("Thickness of the slab in mm")
        for mm in THICKNESSES_MM:
            self.thickness.addItem(f"{mm:g} mm", mm)
        self.thickness.setCurrentIndex(THICKNESSES_MM.index(FIRST_MM))
        for box in (self.kind, self.thickness):
            box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(lambda _: self._choose())
            row.addWidget(box)
        display.changed.connect(self.follow)
        self.follow()

    def _choose(self) -> None:
        kind, mm = str(self.kind.currentData()), float(self.thickness.currentData())
        self.display.set_slab(Slab(kind, mm) if kind else THIN)  # type: ignore[arg-type]

    def follow(self) -> None:
        """Show what is chosen now."""
        slab = self.display.slab
        thick = slab.thickness_mm > 0
        self.kind.setCurrentIndex(max(self.kind.findData(slab.kind if thick else ""), 0))
        if thick and self.thickness.findData(slab.thickness_mm) < 0:
            self.thickness.addItem(f"{slab.thickness_mm:g} mm", slab.thickness_mm)
        if thick:
            self.thickness.setCurrentIndex(self.thickness.findData(slab.thickness_mm))
        self.thickness.setVisible(thick)
