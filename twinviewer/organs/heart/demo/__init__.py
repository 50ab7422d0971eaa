"""The embedded demo patient: an anatomically shaped heart with left bundle branch block, and its known truth."""

from twinviewer.organs.heart.demo.truth import DemoTruth, read_truth
from twinviewer.organs.heart.demo.write import write_demo

__all__ = ["DemoTruth", "read_truth", "write_demo"]
