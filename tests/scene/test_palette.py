"""Colour maps follow the conventions that a cardiologist reads without thinking."""

import numpy as np

from twinviewer.scene.palette import banded_table, colour_maps, lookup_table


def test_activation_runs_from_red_to_purple():
    first, last = lookup_table("activation")[[0, -1]].astype(int)
    assert first[0] > first[1] + 80 and first[0] > first[2] + 80
    assert last[2] > last[1] + 80 and last[0] > last[1]


def test_strain_is_pale_at_zero():
    middle = lookup_table("strain", 257)[128].astype(int)
    assert middle.min() > 215


def test_safe_map_brightness_is_monotonic():
    luma = lookup_table("activation_safe").astype(float) @ np.array([0.2126, 0.7152, 0.0722])
    assert np.all(np.diff(luma) < 0.2)


def test_isochrones_stand_at_multiples_of_the_band():
    low, high, band = 3.0, 97.0, 10.0
    plain, lined = lookup_table("activation", 2048), banded_table("activation", low, high, band, 2048)
    value = np.linspace(low, high, 2048)
    dark = value[(lined.astype(int).sum(axis=1) < 0.6 * plain.astype(int).sum(axis=1))]
    distance = np.abs(dark / band - np.round(dark / band)) * band
    assert distance.max() < 0.6
    assert len(set(np.round(dark / band).astype(int))) == 9


def test_every_map_has_the_size_asked_for():
    for name in colour_maps():
        assert lookup_table(name, 64).shape == (64, 3)
