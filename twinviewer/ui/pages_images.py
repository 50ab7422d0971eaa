"""The inspector's pages for images: Import, Segment, Model."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from twinviewer.domain import Volume
from twinviewer.report.measures import GROUPS, STRAIN, WALL, by_discs, group_of
from twinviewer.session import catalog
from twinviewer.session.by_choice import is_by_choice
from twinviewer.session.calcium import NAMES as CALCIUM
from twinviewer.session.calcium import why_not
from twinviewer.session.case import Case
from twinviewer.session.landmarks import landmarks_of
from twinviewer.session.norms import norms_of
from twinviewer.ui.banner import date_text
from twinviewer.ui.case_tree import KIND_NAMES, grid_text
from twinviewer.ui.farewell import discard
from twinviewer.ui.mesh_edge import MeshEdge
from twinviewer.ui.number_tables import MeasureTable
from twinviewer.ui.page import Page, quiet_label
from twinviewer.ui.segment_values import SegmentValues
from twinviewer.ui.structure_measures import StructureMeasures
from twinviewer.ui.theme import Look
from twinviewer.ui.view_choices import plain_style


class Facts(QWidget):
    """Pairs of a quiet name and a value."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[tuple[str, str], ...] = ()

    def show_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """Show other pairs."""
        if facts == self._shown:
            return
        self._shown = facts
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                discard(widget)
        for row, (name, value) in enumerate(facts):
            left, right = QLabel(name), QLabel(value)
            left.setProperty("role", "quiet")
            right.setWordWrap(True)
            right.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(left, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(right, row, 1)


class ImportPage(Page):
    """What is open, and how to open something."""

    folder_asked = Signal()
    demo_asked = Signal()
    archive_asked = Signal()
    case_asked = Signal()
    records_asked = Signal()
    open_asked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Import", "Drop a DICOM folder or a ZIP of one, an image file or a case on this window.")
        self.folder = self.action("Open folder…", "folder", primary=True)
        self.folder.clicked.connect(self.folder_asked)
        self.archive = self.action("From the archive…", "drop")
        self.archive.clicked.connect(self.archive_asked)
        self.saved = self.action("Open case…", "case")
        self.saved.clicked.connect(self.case_asked)
        self.demo = self.action("Open the demo patient", "demo")
        self.demo.clicked.connect(self.demo_asked)
        self.records = self.action("Add records…", "patient")
        self.records.clicked.connect(self.records_asked)
        self._head = self.section("OPEN SERIES")
        self._facts = Facts()
        self.column.addWidget(self._facts)
        self._warnings = self.note()
        self.end()

    def show_case(self, case: Case) -> None:
        """Show what is open."""
        series = case.active_series
        tip = "ECG, FHIR bundle, table of vitals, wearable: the newest of each value is used"
        self.records.allow(bool(case.series) or case.mesh is not None, "Open a patient first", tip)
        self._head.setText("OPEN SERIES" if series is not None else "NOTHING OPEN YET")
        if series is None:
            found = f"{len(case.series)} series found. Double click one in the case panel." if case.series else ""
            self._facts.show_facts((("Series", found),) if found else ())
            self._warnings.say("")
            return
        rows, columns = series.shape
        facts = [
            ("Kind", KIND_NAMES.get(series.kind, series.kind)),
            ("Grid", grid_text(series)),
            ("Pixels", f"{columns} × {rows}"),
            ("Spacing", " × ".join(f"{s:.2f}" for s in series.spacing_mm) + " mm"),
            ("Study", date_text(series.study_date)),
            ("Contrast", series.contrast_agent or "not stated"),
        ]
        if series.rr_s:
            facts.append(("Beat", f"{1000 * series.rr_s:.0f} ms ({60 / series.rr_s:.0f} bpm)"))
        if series.synthetic:
            facts.append(("Origin", "synthetic"))
        self._facts.show_facts(tuple((name, value) for name, value in facts if value))
        self._warnings.say("\n".join(w.text for w in series.warnings), "caution")


ON_SLICES = "STRUCTURES ON THE SLICES"
COUNTED_LIVE = 20_000_000
"""Voxels of a phase up to which volumes are counted after every stroke."""


HEART_ONLY = "Finds blood pools and muscle in contrast CT; delineates both ventricles in cine MR."
ANY_ORGAN = "Structures of any organ: outlined by their values, by hand, or from labels made elsewhere."


class SegmentPage(Page):
    """Find the organ's structures; say plainly when that cannot be done."""

    segment_asked = Signal()
    mask_asked = Signal()
    hand_asked = Signal()
    outline_asked = Signal()
    calcium_asked = Signal()
    opacity_changed = Signal(float)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Segment", HEART_ONLY)
        self.refusal = self.note()
        self.go = self.action("Find structures", "segment", primary=True)
        self.go.clicked.connect(self.segment_asked)
        self.from_mask = self.action("Import a mask…", "segment")
        self.from_mask.clicked.connect(self.mask_asked)
        self.by_hand = self.action("Edit by hand", "rename")
        self.by_hand.clicked.connect(self.hand_asked)
        self.outline = self.action("Outline any organ by its values…", "model")
        self.outline.setToolTip("Bone, lungs, a tumour, an implant: measured and shown, not simulated")
        self.outline.clicked.connect(self.outline_asked)
        self.calcium = self.action("Calcium score…", "table")
        self.calcium.clicked.connect(self.calcium_asked)
        self._hand_head = self.section("EDIT BY HAND")
        self._hand_panel: QWidget | None = None
        self.show_section(self._hand_head, False)
        self._head = self.section(ON_SLICES)
        self.overlay = QSlider(Qt.Orientation.Horizontal)
        self.overlay.setRange(0, 100)
        self.overlay.setValue(25)
        self.overlay.setToolTip("How strongly structures cover the image")
        self.overlay.setAccessibleName("Strength of the overlay")
        self.overlay.valueChanged.connect(lambda value: self.opacity_changed.emit(value / 100))
        self.column.addWidget(self.overlay)
        self._measured = MeasureTable(look)
        self.column.addWidget(self._measured)
        self._volumes = Facts()
        self.column.addWidget(self._volumes)
        self._notes = self.note()
        self._made_by = QLabel()
        self._made_by.setProperty("role", "small")
        self._made_by.setWordWrap(True)
        self.column.addWidget(self._made_by)
        self.end()
        self._shown: tuple[object, object] = (None, None)
        self._by_hand_fits = self._by_choice = False

    def add_hand(self, panel: QWidget) -> None:
        """Where the controls of the hand that mends labels stand."""
        self._hand_panel = panel
        self.column.insertWidget(self.column.indexOf(self._hand_head) + 1, panel)

    def hand_is_on(self, on: bool) -> None:
        """Its controls are in view, and then nothing above them that would change the labels."""
        self.show_section(self._hand_head, on)
        for widget in (self.go, self.from_mask, self.by_hand, self.outline, self.calcium, self.intro):
            widget.setVisible(not on)
        if not on:
            self.by_hand.setVisible(self._by_hand_fits)
            self.outline.setVisible(self._by_hand_fits)
            self.go.setVisible(not self._by_choice)

    def show_case(self, case: Case) -> None:
        """Show what was found, or why nothing can be."""
        self._by_hand_fits = isinstance(case.image, Volume)
        self.by_hand.setText("Edit by hand" if case.labels is not None else "Outline by hand")
        self.by_hand.setVisible(self._by_hand_fits and not self._hand_head.isVisibleTo(self))
        hand = self._hand_head.isVisibleTo(self)
        self._by_choice = is_by_choice(case)
        self.outline.setVisible(self._by_hand_fits and not hand)
        self.go.setVisible(not self._by_choice and not hand)
        self.intro.setText(ANY_ORGAN if self._by_choice else HEART_ONLY)
        reason = refusal(case)
        self.refusal.say(refused(case), "caution")
        why = why_not(case)
        self.calcium.setVisible(self.by_hand.isVisibleTo(self) and isinstance(case.image, Volume))
        self.calcium.allow(not why, why)
        self.from_mask.allow(case.image is not None, "Open the images that it belongs to first")
        found = case.labels is not None or case.contours is not None
        self.go.setText("Find structures again" if found else "Find structures")
        possible = case.image is not None and not reason
        self.go.allow(possible, reason or "Open a series first")
        self.overlay.setEnabled(case.labels is not None)
        self.overlay.setVisible(case.contours is None)
        self._head.setText(ON_SLICES if case.contours is None else "MEASURED BY THE CONTOURS")
        scored = {name: case.measurements[name] for name in CALCIUM if name in case.measurements}
        self._measured.setVisible(case.contours is not None or bool(scored))
        if case.contours is not None:  # a model's numbers stand beside them, on its own page
            self._measured.show_values(by_discs(case.measurements))
        elif scored:
            self._measured.show_values(scored)
        if (case.labels, case.contours) == self._shown:
            return
        if case.labels is not None and self._hand_head.isVisibleTo(self) and case.labels.data[0].size > COUNTED_LIVE:
            return  # counted when the hand is laid down
        self._shown = (case.labels, case.contours)
        labels = case.labels
        if case.contours is not None:
            self._volumes.show_facts(())
            self._notes.say("\n".join(case.contours.notes), "caution")
            many = len(case.contours.contours)
            self._made_by.setText(f"{many} contours; dashed where not sure. Made by {case.contours.made_by}.")
            return
        if labels is None:
            self._volumes.show_facts(())
            self._notes.say("")
            self._made_by.setText("")
            return
        facts = []
        for name in labels.names.values():
            volume = labels.volume_ml(name)
            if volume > 0:
                facts.append((plain_style(name, surface=False).label, f"{volume:.0f} mL"))
        self._volumes.show_facts(tuple(facts))
        self._notes.say("\n".join(labels.notes), "caution")
        phases = f"first of {labels.phases} phases" if labels.phases > 1 else "one phase"
        self._made_by.setText(f"Volumes of the {phases}, counted from the labels. Made by {labels.made_by}.")


def refusal(case: Case) -> str:
    """Why the open images cannot be segmented, "" where they can."""
    if case.image is not None and not case.organ:
        return case.messages.get("Segment", "No organ can be made from this series.")
    return ""


def refused(case: Case) -> str:
    """The same, and what a search for structures said when it found none; "" once there are any."""
    if case.labels is not None or case.contours is not None or case.image is None:
        return ""
    said = case.messages.get("Segment", "")
    return refusal(case) or ("" if said.startswith("Made again") else said)


FROM_NUMBERS = "A generic heart scaled to typed numbers and set moving. No image was used."
FROM_LABELS = "A mesh of wall and chambers with fibres and the 17 AHA segments."
FROM_ANY_LABELS = "Each structure filled with tetrahedra, with its volume, diameters and form. Geometry only."
FROM_CONTOURS = (
    "A heart of both ventricles, bent to the contours of every phase: it moves as the images show, with fibres and the "
    "17 AHA segments."
)


OUT_OF_RANGE = "▲ ▼ outside the usual range: point at a number for the range and its source."
MEASURED, TYPED = "MEASURED IN THE IMAGES", "TYPED IN, NOT MEASURED"


class ModelPage(Page):
    """The mesh, and what the images say about the heart."""

    build_asked = Signal()
    numbers_asked = Signal()
    edge_asked = Signal(float)
    landmarks_asked = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Model", FROM_LABELS)
        self.go = self.action("Build model", "model", primary=True)
        self.go.clicked.connect(self.build_asked)
        self.numbers = self.action("Model from typed numbers…", "model")
        self.numbers.clicked.connect(self.numbers_asked)
        self.landmarks = self.action("Valves and apex", "pick")
        self.landmarks.setToolTip("Drag valve planes and apex to where they are (Shift+V)")
        self.landmarks.clicked.connect(self.landmarks_asked)
        self.edge = MeshEdge(look)
        self.edge.changed.connect(self.edge_asked)
        self.column.addWidget(self.edge)
        self._note = self.note()
        self._measures_head = self.section(MEASURED)
        self._structures = StructureMeasures(look)
        self.column.addWidget(self._structures)
        self._measures = MeasureTable(look)
        self.column.addWidget(self._measures)
        self._usual = quiet_label("")
        self.column.addWidget(self._usual)
        self._segments_head = self.section("BY SEGMENT")
        self.segments = SegmentValues(look)
        self.column.addWidget(self.segments)
        self._wall_head = self.section("WALL AND STRAIN")
        self._wall = MeasureTable(look)
        self.column.addWidget(self._wall)
        self._mesh_head = self.section("MESH")
        self._facts = Facts()
        self.column.addWidget(self._facts)
        self.end()
        self._mesh: object = None
        self.show_section(self._mesh_head, False, self._facts)

    def add_landmarks(self, panel: QWidget) -> None:
        """Where the controls of valves and apex stand."""
        self.column.insertWidget(self.column.indexOf(self.landmarks) + 1, panel)

    def show_case(self, case: Case) -> None:
        """Show measurements and mesh."""
        self.landmarks.setVisible(bool(landmarks_of(case)))
        self.go.setText("Build again" if case.mesh is not None else "Build model")
        self.go.allow(case.labels is not None or case.contours is not None, "Find the structures first")
        free = is_by_choice(case)
        made = FROM_CONTOURS if case.contours is not None else FROM_ANY_LABELS if free else FROM_LABELS
        self.edge.setVisible(self.edge.show_case(case) and not case.typed)
        self.numbers.setVisible(not free)
        self.intro.setText(FROM_NUMBERS if case.typed else made)
        self.go.setVisible(not case.typed)
        self.numbers.setText("Type other numbers…" if case.typed else "Model from typed numbers…")
        self._measures_head.setText(TYPED if case.typed else MEASURED)
        mesh = case.mesh
        moves = mesh is not None and mesh.motion_mm is not None
        walls = moves and any(group_of(name) in (WALL, STRAIN) for name in case.measurements)
        self.show_section(self._segments_head, mesh is not None and not free, self.segments)
        self.show_section(self._wall_head, walls, self._wall)
        norms = norms_of(case)
        first = tuple(group for group in GROUPS if not (walls and group in (WALL, STRAIN)))
        self._structures.setVisible(free)
        self._measures.setVisible(not free)
        if free and mesh is not None:
            self._structures.show_values(case.measurements, tuple(mesh.surfaces), catalog.organ(case.organ).styles)
        self._measures.show_values({} if free else case.measurements, groups=first, norms=norms)
        if walls:
            self._wall.show_values(case.measurements, groups=(WALL, STRAIN), norms=norms)
        out = any(norm.verdict(case.measurements[name].value) for name, norm in norms.items())
        self._usual.setText(OUT_OF_RANGE if out else "")
        self._usual.setVisible(out)
        if mesh is self._mesh:
            return
        self._mesh = mesh
        self.show_section(self._mesh_head, mesh is not None, self._facts)
        self._note.say("" if mesh is None else "\n".join(mesh.notes), "caution")
        if mesh is None:
            self._facts.show_facts(())
            return
        self._facts.show_facts(
            (
                ("Points", f"{len(mesh.points_mm):,}".replace(",", "\u2009")),
                ("Tetrahedra", f"{len(mesh.tets):,}".replace(",", "\u2009")),
                ("Volume" if free else "Wall", f"{mesh.wall_ml():.0f} mL"),
                ("Structures" if free else "Surfaces", str(len(mesh.surfaces))),
            )
        )
