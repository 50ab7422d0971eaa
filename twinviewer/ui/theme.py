"""The look: colour tokens for dark and light, the application font, and the one style sheet."""

from dataclasses import dataclass, fields
from functools import lru_cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette, QPen
from PySide6.QtWidgets import QApplication

BASELINE = "#8FA3BF"
SECOND_SCENARIO = "#D98FD0"
RADIUS = 6
STEP = 4
BODY_PX = 13
SMALL_PX = 11
TITLE_PX = 16


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme. Every colour on the screen that is not anatomy, image or colour map is one of these.

    ``accent_text`` is the accent where it is read as text; ``accent_fill``/``on_accent`` are a filled button.
    """

    name: str
    window: str
    panel: str
    raised: str
    line: str
    text: str
    quiet: str
    accent: str
    accent_text: str
    accent_fill: str
    on_accent: str
    good: str
    caution: str
    alarm: str
    paper_fine: str
    paper_coarse: str

    def scenario(self, index: int) -> str:
        """The colour of a scenario in traces and legends: 0 is the baseline, in both themes the same blue-grey."""
        extra = (self.accent, SECOND_SCENARIO, self.caution, self.good)
        return BASELINE if index == 0 else extra[(index - 1) % len(extra)]


DARK = Tokens(
    name="dark",
    window="#101318",
    panel="#171B22",
    raised="#1F252E",
    line="#2B323D",
    text="#E6EAF0",
    quiet="#94A0AF",
    accent="#3FB6C6",
    accent_text="#3FB6C6",
    accent_fill="#3FB6C6",
    on_accent="#0C1418",
    good="#5BC58C",
    caution="#E5B454",
    alarm="#E5645B",
    paper_fine="#1D232C",
    paper_coarse="#2A323E",
)
LIGHT = Tokens(
    name="light",
    window="#F4F6F8",
    panel="#FFFFFF",
    raised="#EDF0F3",
    line="#D5DBE2",
    text="#1A2029",
    quiet="#5C6876",
    accent="#0F8A9A",
    accent_text="#0B7281",
    accent_fill="#0B7281",
    on_accent="#FFFFFF",
    good="#1B7A46",
    caution="#8A5A00",
    alarm="#B8332A",
    paper_fine="#F6E9E8",
    paper_coarse="#EBCFCD",
)
THEMES = {"dark": DARK, "light": LIGHT}


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB", 0..1 (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1..21 (WCAG 2.2)."""
    a, b = sorted((luminance(first), luminance(second)), reverse=True)
    return (a + 0.05) / (b + 0.05)


def mix(first: str, second: str, weight: float) -> str:
    """``first`` moved towards ``second`` by ``weight`` 0..1, as "#RRGGBB"."""
    a, b = QColor(first), QColor(second)
    parts = [
        round(x + (y - x) * weight)
        for x, y in zip((a.red(), a.green(), a.blue()), (b.red(), b.green(), b.blue()), strict=True)
    ]
    return "#{:02X}{:02X}{:02X}".format(*parts)


def round_pen(colour: str, width: float) -> QPen:
    """A pen with round caps and joins."""
    return QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


@lru_cache(1)
def ui_family() -> str:
    """The system's UI face; where the system only offers a generic one, the best plain sans installed."""
    known = set(QFontDatabase.families())
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    if system in known and not system.startswith(("Sans", "DejaVu")):
        return system
    wanted = (
        "Inter",
        "Segoe UI",
        "Noto Sans",
        "Cantarell",
        "Ubuntu",
        "Roboto",
        "Open Sans",
        "Liberation Sans",
        "DejaVu Sans Condensed",
    )
    return next((name for name in wanted if name in known), system)


def ui_font(pixels: int = BODY_PX, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The UI face with figures of equal width."""
    font = QFont(ui_family())
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def qt_palette(t: Tokens) -> QPalette:
    """Fusion's palette from the tokens."""
    palette = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: t.window,
        role.WindowText: t.text,
        role.Base: t.panel,
        role.AlternateBase: t.raised,
        role.Text: t.text,
        role.Button: t.raised,
        role.ButtonText: t.text,
        role.BrightText: t.alarm,
        role.ToolTipBase: t.raised,
        role.ToolTipText: t.text,
        role.PlaceholderText: t.quiet,
        role.Highlight: t.accent_fill,
        role.HighlightedText: t.on_accent,
        role.Link: t.accent_text,
        role.Mid: t.line,
        role.Dark: t.line,
        role.Light: t.raised,
        role.Midlight: t.line,
        role.Shadow: t.window,
    }
    for which, colour in pairs.items():
        palette.setColor(which, QColor(colour))
    disabled = QColor(mix(t.quiet, t.panel, 0.35))
    for which in (role.Text, role.ButtonText, role.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, disabled)
    return palette


def stylesheet(t: Tokens) -> str:
    """The application's style sheet."""
    values = {f.name: getattr(t, f.name) for f in fields(t)}
    values.update(
        hover=mix(t.raised, t.text, 0.07),
        pressed=mix(t.raised, t.text, 0.13),
        faint=mix(t.panel, t.text, 0.04),
        selected=mix(t.panel, t.accent, 0.18),
        accent_hover=mix(t.accent_fill, t.text if t.name == "dark" else "#000000", 0.14),
        off=mix(t.quiet, t.panel, 0.35),
        groove=mix(t.raised, t.text, 0.10),
        wash_caution=mix(t.panel, t.caution, 0.14),
        wash_alarm=mix(t.panel, t.alarm, 0.14),
        wash_info=mix(t.panel, t.accent, 0.14),
        wash_good=mix(t.panel, t.good, 0.14),
    )
    text = _SHEET
    for name, value in sorted(values.items(), key=lambda pair: -len(pair[0])):
        text = text.replace("$" + name, value)
    return text


class Look(QObject):
    """The theme in force. Painted widgets read ``tokens`` and repaint on ``changed``."""

    changed = Signal()

    def __init__(self, tokens: Tokens = DARK) -> None:
        super().__init__()
        self.tokens = tokens

    def use(self, tokens: Tokens) -> None:
        """Switch the whole application to a theme."""
        self.tokens = tokens
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.setFont(ui_font())
            app.setPalette(qt_palette(tokens))
            app.setStyleSheet(stylesheet(tokens))
        self.changed.emit()

    def toggle(self) -> None:
        """Dark to light and back."""
        self.use(LIGHT if self.tokens is DARK else DARK)


_SHEET = """
* { font-size: 13px; }
QMainWindow, QMainWindow::separator { background: $window; }
QMainWindow::separator { width: 4px; height: 4px; }
QMainWindow::separator:hover { background: $line; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 6px 8px; }
QWidget#header, QWidget#stepRow { background: $panel; }
QWidget#stepRow { border-top: 1px solid $line; border-bottom: 1px solid $line; }
QWidget#panel, QWidget#page, QScrollArea#panelScroll { background: $panel; border: none; }
QWidget#dockTitle { background: $panel; border-bottom: 1px solid $line; }
QLabel { background: transparent; }
QLabel[role="quiet"] { color: $quiet; }
QLabel[role="small"] { color: $quiet; font-size: 11px; }
QLabel[role="section"] { color: $quiet; font-size: 11px; font-weight: 600; letter-spacing: 0.6px; }
QLabel[role="title"] { font-size: 16px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="caution"] { color: $caution; }
QLabel[role="alarm"] { color: $alarm; }
QLabel[role="good"] { color: $good; }
QLabel#research { color: $caution; font-size: 11px; font-weight: 700; letter-spacing: 0.8px;
  border: 1px solid $caution; border-radius: 4px; padding: 2px 8px; }
QFrame#rule { background: $line; max-height: 1px; min-height: 1px; border: none; }

QMenuBar { background: transparent; border: none; padding: 0; }
QMenuBar::item { padding: 5px 9px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $raised; }
QMenu { background: $panel; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $selected; color: $text; }
QMenu::item:disabled { color: $off; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QMenu::icon { padding-left: 6px; }

QPushButton { background: $raised; border: 1px solid $line; border-radius: 6px; padding: 5px 12px;
  min-height: 18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $pressed; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $off; background: $panel; }
QPushButton[role="primary"] { background: $accent_fill; color: $on_accent;
  border-color: $accent_fill; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[role="primary"]:disabled { background: $raised; color: $off; border-color: $line; }
QPushButton[role="link"] { background: transparent; border: none; color: $accent_text;
  padding: 2px 4px; text-align: left; }
QPushButton[role="link"]:hover { text-decoration: underline; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }
QToolButton:hover { background: $hover; }
QToolButton:pressed { background: $pressed; }
QToolButton:checked { background: $selected; }
QToolButton:focus { border-color: $accent; }
QToolButton[role="pill"] { padding: 3px 8px; color: $quiet; }
QToolButton[role="pill"]:checked { color: $text; background: $selected; }
QToolButton::menu-indicator { image: none; }
QToolButton::menu-button { border: none; background: transparent; width: 14px; }
QToolButton::menu-button:hover { background: $hover; border-radius: 6px; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: $raised; border: 1px solid $line; border-radius: 6px; padding: 3px 8px; min-height: 20px;
  selection-background-color: $accent_fill; selection-color: $on_accent; }
QPlainTextEdit { background: $raised; border: 1px solid $line; border-radius: 6px; padding: 3px 4px;
  selection-background-color: $accent_fill; selection-color: $on_accent; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {
  border-color: $accent; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled { color: $off;
  background: $panel; }
QDoubleSpinBox, QSpinBox { padding-right: 4px; }
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button, QSpinBox::up-button, QSpinBox::down-button {
  width: 0; border: none; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: none; width: 0; height: 0; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $line; padding: 4px; outline: none;
  selection-background-color: $selected; selection-color: $text; }
QCheckBox { spacing: 8px; background: transparent; }
QCheckBox::indicator:unchecked { width: 12px; height: 12px; border: 1px solid $quiet; border-radius: 3px;
  background: $panel; }

QSlider { background: transparent; min-height: 18px; }
QSlider::groove:horizontal { height: 3px; background: $groove; border-radius: 1px; }
QSlider::sub-page:horizontal { height: 3px; background: $accent; border-radius: 1px; }
QSlider::sub-page:horizontal:disabled { background: $groove; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border-radius: 6px; background: $text; }
QSlider::handle:horizontal:hover { background: $accent; }
QSlider::handle:horizontal:disabled { background: $off; }

QTreeView, QListView, QTableView { background: $panel; border: none; outline: none;
  selection-background-color: $selected; selection-color: $text; }
QTreeView::item { min-height: 24px; padding: 0 2px; border: none; }
QTreeView::item:hover, QListView::item:hover { background: $faint; }
QTreeView::item:selected, QListView::item:selected { background: $selected; color: $text; }
QListView::item { padding: 5px 8px; border-radius: 4px; }
QHeaderView::section { background: $panel; color: $quiet; border: none; border-bottom: 1px solid $line;
  padding: 4px 6px; font-size: 11px; font-weight: 600; }
QTableView { gridline-color: transparent; alternate-background-color: $faint; }
QTableCornerButton::section { background: $panel; border: none; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $groove; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::handle:hover { background: $off; }

QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: none; width: 0; height: 0; }

QProgressBar { background: $groove; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
QStatusBar { background: $panel; border-top: 1px solid $line; color: $quiet; font-size: 12px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $quiet; font-size: 12px; padding: 0 4px; }
QDockWidget { color: $quiet; titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget > QWidget { background: $panel; }
QSplitter { background: $window; }
QSplitter::handle { background: $window; }
QSplitter::handle:hover { background: $line; }
QScrollArea { border: none; background: transparent; }
QTabBar::tab { background: transparent; color: $quiet; padding: 5px 10px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }

QFrame#strip { border: none; border-bottom: 1px solid $line; }
QFrame#strip[kind="alarm"] { background: $wash_alarm; }
QFrame#strip[kind="caution"] { background: $wash_caution; }
QFrame#strip[kind="info"] { background: $wash_info; }
QFrame#note { border-radius: 6px; }
QFrame#note[kind="alarm"] { background: $wash_alarm; }
QFrame#note[kind="caution"] { background: $wash_caution; }
QFrame#note[kind="info"] { background: $raised; }
QFrame#note[kind="good"] { background: $wash_good; }
QFrame#card { background: $raised; border-radius: 6px; border: 1px solid transparent; }
QFrame#card:hover { border-color: $line; }
QFrame#card[chosen="true"] { border-color: $accent; }
QDialog { background: $panel; border: 1px solid $line; }
QDialog#palette QListView::item { padding: 0; }
"""
