"""Which part of a mesh is which structure, in which units it is, and which way round it lies."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from twinviewer.domain import StructureStyle
from twinviewer.geometry.read_mesh import UNITS_MM
from twinviewer.session.mesh_import import Row
from twinviewer.ui.combo_box import ComboBox
from twinviewer.ui.mask_dialog import MaskDialog, volume_text
from twinviewer.ui.theme import Look

UNITS = {"mm": "millimetres", "cm": "centimetres", "m": "metres"}
FRAMES = {
    "lps": "left, posterior, superior (DICOM)",
    "ras": "right, anterior, superior",
    "y_up": "y upwards (GLB)",
}
HALF = 0.5
"""Share of the mesh that must lie in the open images."""


class MeshDialog(MaskDialog):
    """``chosen`` carries number of the part -> structure, the phase, and with the options ``unit``, ``frame`` and
    ``alone`` (on a grid of its own: images that are open are closed)."""

    WINDOW = "Import mesh"
    QUESTION, INTRO = "Which part is which structure?", "Parts are filled, and can then be edited, measured and meshed"
    NOUN = "part"
    HEADS = ("PART", "NAME IN THE FILE", "ENCLOSES", "STRUCTURE")

    def __init__(
        self,
        parent: QWidget | None,
        look: Look,
        rows: Sequence[Row],
        guess: tuple[str, str, str, tuple[float, float, float], float],
        structures: Sequence[str],
        styles: Mapping[str, StructureStyle],
        phases: int,
        any_name: bool = False,
        keeps: bool = False,
    ) -> None:
        """guess: unit, frame, why, size in the file's units and share in the open images, as ``compute_mesh_choice``
        gives them. phases: of the open images, 0 without any."""
        self.rows, self.size_, self.within, self.has_images = rows, guess[3], guess[4], phases > 0
        self.unit, self.frame = ComboBox(), ComboBox()
        self._guess = guess
        named = [
            (number, f"{name}  ({said})" if said != "closed" else name, 0.0, structure)
            for number, name, _, _, said, structure in rows
        ]
        fits = phases > 0 and self.within >= HALF
        super().__init__(
            parent, look, named, guess[2], structures, styles, (1, phases if fits else 1), any_name, keeps and fits
        )
        self._measured()

    def more(self, column: QVBoxLayout) -> None:
        """Units and frame, and what size that makes."""
        for box, known, guess in ((self.unit, UNITS, self._guess[0]), (self.frame, FRAMES, self._guess[1])):
            for key, text in known.items():
                box.addItem(text, key)
            box.setCurrentIndex(box.findData(guess))
        self.unit.setAccessibleName("Units of the mesh")
        self.frame.setAccessibleName("Axes of the mesh")
        self.unit.currentIndexChanged.connect(self._measured)
        line = QHBoxLayout()
        line.setSpacing(8)
        self.size_text = QLabel()
        self.size_text.setProperty("role", "quiet")
        for text, widget in (("Units", self.unit), ("Axes", self.frame)):
            label = QLabel(text)
            label.setProperty("role", "quiet")
            line.addWidget(label)
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.size_text)
        column.addLayout(line)
        self.place = QLabel()
        self.place.setProperty("role", "quiet")
        self.place.setWordWrap(True)
        column.addWidget(self.place)

    def options(self) -> dict[str, object]:
        """Units, frame, and whether it gets a grid of its own."""
        return {
            "over": self.over.isChecked(),
            "unit": str(self.unit.currentData()),
            "frame": str(self.frame.currentData()),
            "alone": not (self.has_images and self.within >= HALF),
        }

    def _measured(self, *_: object) -> None:
        """Sizes and volumes in the chosen units."""
        factor = UNITS_MM[str(self.unit.currentData())]
        self.size_text.setText(" × ".join(f"{edge * factor:.4g}" for edge in self.size_) + " mm")
        for row in self.rows:
            self.volumes[row[0]].setText(volume_text(row[2] * factor**3 / 1000.0))
        if not self.has_images:
            self.place.setText("No images are open: it gets a grid of its own, and no image is invented.")
        elif self.within >= HALF:
            self.place.setText(f"{100 * self.within:.0f} % of it lies in the open images, on whose grid it is drawn.")
        else:
            self.place.setText(
                "It does not lie in the open images: they are closed, and it gets a grid of its own. Undo brings them "
                "back."
            )
