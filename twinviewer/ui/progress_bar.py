"""A bar that shows how far work is."""

from PySide6.QtWidgets import QProgressBar

STEPS = 1000


class ProgressBar(QProgressBar):
    """Without text. Painted with the window's next picture: Qt's own bar paints at once, and every OpenGL view with it,
    which without a graphics card holds the window up for two frames each time the work says how far it is."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, STEPS)
        self.setTextVisible(False)

    def show_fraction(self, fraction: float) -> None:
        """How far, 0..1."""
        self.setUpdatesEnabled(False)
        self.setValue(round(STEPS * fraction))
        self.setUpdatesEnabled(True)
