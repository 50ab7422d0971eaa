"""Colour maps follow the conventions that a cardiologist reads without thinking."""

import numpy as np

from twinviewer.scene.palette import SCAR_COLOURS, banded_table, colour_maps, lookup_table


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


def _as_seen(colour: str, kind: str) -> np.ndarray:
    """CIE Lab of a colour as a dichromat sees it: Vienot, Brettel and Mollon, Color Res Appl 24:243 (1999)."""
    to_lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    lost = {
        "all": np.eye(3),
        "protan": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
        "deutan": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
    }[kind]
    coded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.linalg.solve(to_lms, lost @ to_lms @ linear), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(np.maximum(xyz / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_kinds_of_scar_are_told_apart_with_any_colour_vision():
    for kind in ("all", "protan", "deutan"):
        seen = [_as_seen(colour, kind) for colour in SCAR_COLOURS]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            assert np.linalg.norm(seen[a] - seen[b]) > 30  # ten times what the eye just notices


def test_half_a_scar_is_border_zone_and_not_a_mixture():
    table = lookup_table("scar", 101).astype(int)
    for place, colour in ((0, 0), (20, 0), (30, 1), (50, 1), (70, 1), (80, 2), (100, 2)):
        wanted = [int(SCAR_COLOURS[colour][i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(table[place] - wanted).max() <= 1
