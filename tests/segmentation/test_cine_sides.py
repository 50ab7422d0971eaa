"""Cine MR: which cavity is the left one follows from where the patient lay, and what contradicts it is said."""

from dataclasses import replace

import numpy as np

from twinviewer.domain import CineStack, silent
from twinviewer.segmentation.cine.locate import locate
from twinviewer.segmentation.cine.short_axis import short_axis
from twinviewer.segmentation.cine.sides import rightward


def few(stack: CineStack) -> CineStack:
    return replace(
        stack, planes=tuple(replace(p, frames=p.frames[::4], trigger_s=p.trigger_s[::4]) for p in stack.planes)
    )


def test_nothing_is_doubted_in_a_real_heart(patient: CineStack) -> None:
    stack = few(patient)
    assert locate(stack, short_axis(stack), silent).notes == ()


def test_left_and_right_exchanged_is_noticed(patient: CineStack) -> None:
    """As in situs inversus, or where directions were written wrong."""
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    stack = few(patient)
    stack = replace(stack, planes=tuple(replace(p, affine=mirror @ p.affine) for p in stack.planes))
    assert locate(stack, short_axis(stack), silent).notes


def test_rightward_lies_in_the_slices_and_to_the_patients_right(patient: CineStack) -> None:
    slices = short_axis(patient)
    way = rightward(slices)
    assert np.isclose(np.linalg.norm(way), 1.0)
    assert (way @ slices.axes[:2])[0] < -0.5
