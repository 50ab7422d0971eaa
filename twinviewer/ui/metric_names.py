"""Names of metrics as people read them, and with how many decimals. Unknown names are made readable by rule."""

LABELS: dict[str, tuple[str, int]] = {
    "qrs_ms": ("QRS duration", 0),
    "total_activation_ms": ("Total activation time", 0),
    "lv_activation_ms": ("LV activation time", 0),
    "lv_ef_percent": ("LV ejection fraction", 0),
    "rv_ef_percent": ("RV ejection fraction", 0),
    "lv_edv_ml": ("LV end-diastolic volume", 0),
    "lv_esv_ml": ("LV end-systolic volume", 0),
    "lv_sv_ml": ("LV stroke volume", 0),
    "rv_edv_ml": ("RV end-diastolic volume", 0),
    "rv_esv_ml": ("RV end-systolic volume", 0),
    "rv_sv_ml": ("RV stroke volume", 0),
    "lv_mass_g": ("LV mass", 0),
    "lv_dpdt_max_mmhg_s": ("LV dP/dt max", 0),
    "rv_dpdt_max_mmhg_s": ("RV dP/dt max", 0),
    "stroke_work_mmhg_ml": ("LV stroke work", 0),
    "systolic_aortic_mmhg": ("Aortic systolic pressure", 0),
    "diastolic_aortic_mmhg": ("Aortic diastolic pressure", 0),
    "cardiac_output_l_min": ("Cardiac output", 2),
    "heart_rate_bpm": ("Heart rate", 0),
    "pr_interval_ms": ("PR interval", 0),
    "qt_ms": ("QT interval", 0),
    "qtc_ms": ("QTc (Fridericia)", 0),
}
HEADLINE = ("qrs_ms", "lv_ef_percent", "lv_esv_ml", "lv_edv_ml", "lv_dpdt_max_mmhg_s", "cardiac_output_l_min")
_WORDS = {"lv": "LV", "rv": "RV", "la": "LA", "ra": "RA", "ef": "EF", "edv": "EDV", "esv": "ESV", "qrs": "QRS"}
_UNITS = (
    "mmhg_s_ml",
    "mmhg_ml",
    "mmhg_s",
    "l_min",
    "ml_m2",
    "m_s",
    "mmhg",
    "percent",
    "ml",
    "ms",
    "bpm",
    "kpa",
    "mm",
    "g",
)


def label_of(name: str) -> str:
    """A metric's or parameter's name for people, without its unit."""
    if name in LABELS:
        return LABELS[name][0]
    stem = name
    for unit in _UNITS:
        if name.endswith("_" + unit):
            stem = name[: -len(unit) - 1]
            break
    words = [_WORDS.get(word, word) for word in stem.split("_")]
    return (words[0][:1].upper() + words[0][1:] + " " + " ".join(words[1:])).strip()


def number_of(name: str, value: float) -> str:
    """A value with the decimals that it deserves."""
    if name in LABELS:
        return f"{value:.{LABELS[name][1]}f}"
    size = abs(value)
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def order_of(name: str) -> tuple[int, str]:
    """Sort key: known metrics in LABELS' order, then the others by name."""
    known = list(LABELS)
    return (known.index(name), "") if name in LABELS else (len(known), name)
