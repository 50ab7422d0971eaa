"""Text can be read: contrast by the WCAG formula, whose end points are known."""

import pytest

from twinviewer.ui.icons import GLYPHS, icon
from twinviewer.ui.theme import BASELINE, DARK, LIGHT, THEMES, contrast, mix, stylesheet

TEXT = ("text", "quiet", "accent_text", "good", "caution", "alarm")


def test_contrast_formula() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # WCAG's own border case


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_all_text_is_legible(tokens) -> None:  # type: ignore[no-untyped-def]
    for name in TEXT:
        for ground in (tokens.window, tokens.panel, tokens.raised):
            assert contrast(getattr(tokens, name), ground) >= 4.5, (name, ground)
    assert contrast(tokens.on_accent, tokens.accent_fill) >= 4.5
    for tone in (tokens.caution, tokens.alarm, tokens.accent):  # message strips: text and quiet text on a wash
        wash = mix(tokens.panel, tone, 0.14)
        assert contrast(tokens.text, wash) >= 4.5
        assert contrast(tokens.quiet, wash) >= 4.0


@pytest.mark.parametrize("name", sorted(THEMES))
def test_stylesheet_has_no_open_places(name: str) -> None:
    assert "$" not in stylesheet(THEMES[name])


def test_baseline_is_the_same_in_both_themes() -> None:
    assert DARK.scenario(0) == LIGHT.scenario(0) == BASELINE == "#8FA3BF"


def test_every_icon_exists(qapp) -> None:  # type: ignore[no-untyped-def]
    for name in GLYPHS:
        assert not icon(name, DARK).isNull(), name
