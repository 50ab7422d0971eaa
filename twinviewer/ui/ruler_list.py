"""What was measured by hand, as rows of the case tree: value with unit, kind, and its way out."""

from twinviewer.domain import Ruler
from twinviewer.session.rulers import NAMES, details, words
from twinviewer.ui.theme import Look
from twinviewer.ui.tree_row import TreeRow

SIGNS = {"distance": "ruler", "angle": "angle", "polyline": "path", "area": "area", "ellipse": "ellipse"}


class RulerRow(TreeRow):
    """Click: go to where it lies. The cross removes it, which can be undone."""

    def __init__(self, look: Look, ruler: Ruler) -> None:
        name, text = NAMES[ruler.kind], words(ruler)
        remark = f"{name} in 3D" if ruler.nodes is not None else name
        super().__init__(look, ruler.uid, SIGNS[ruler.kind], text, what=name.lower(), remark=remark)
        self.setToolTip(f"{name}\n{details(ruler)}\nClick to go there")
        self.setAccessibleName(f"{name} {text}")
