"""Where the pictures of the page stand, and how they look."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def figure(columns: int = 1) -> tuple[Figure, list[plt.Axes]]:
    """A figure of so many panels side by side."""
    shape, axes = plt.subplots(1, columns, figsize=(5.0 * columns, 3.8), dpi=110, squeeze=False, layout="constrained")
    for axis in axes[0]:
        axis.grid(visible=True, which="both", alpha=0.3)
    return shape, list(axes[0])


def save(shape: Figure, name: str, alt: str) -> str:
    """Write docs/pictures/verification_<name>.png; the Markdown that shows it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = f"verification_{name}.png"
    shape.savefig(FOLDER / file, metadata={"Software": None})
    plt.close(shape)
    return f"![{alt}](pictures/{file})"
