"""How the heart's labels and surfaces are shown. Colours: the anatomy table of the look guide."""

from collections.abc import Mapping

from twinviewer.domain import StructureStyle

TISSUE_STRUCTURES: Mapping[str, str] = {"scar": "lv_myocardium", "border_zone": "lv_myocardium"}
"""Kind of tissue that a mask may mark -> the structure that it is part of (scar_label.py)."""

STYLES: Mapping[str, StructureStyle] = {
    # labels
    "lv_myocardium": StructureStyle("LV myocardium", "#C96A5B"),
    "rv_myocardium": StructureStyle("RV myocardium", "#C27B6B"),
    "lv_blood": StructureStyle("LV blood", "#E04B4B"),
    "rv_blood": StructureStyle("RV blood", "#4B7BE0"),
    "la_blood": StructureStyle("LA blood", "#E58A8A"),
    "ra_blood": StructureStyle("RA blood", "#7FA6EA"),
    # surfaces; aorta and pulmonary_artery are labels as well
    "myocardium": StructureStyle("Ventricular wall", "#C96A5B"),
    "lv_endocardium": StructureStyle("LV endocardium", "#E04B4B", 1.0, False),
    "rv_endocardium": StructureStyle("RV endocardium", "#4B7BE0", 1.0, False),
    "epicardium": StructureStyle("Epicardium", "#C96A5B", 0.35, False),
    "lv_cavity": StructureStyle("LV cavity", "#E04B4B", 1.0, False),
    "rv_cavity": StructureStyle("RV cavity", "#4B7BE0", 1.0, False),
    "la": StructureStyle("Left atrium", "#E58A8A", 0.6),
    "ra": StructureStyle("Right atrium", "#7FA6EA", 0.6),
    "aorta": StructureStyle("Aorta", "#D9544F", 0.6),
    "pulmonary_artery": StructureStyle("Pulmonary artery", "#5C86D6", 0.6),
}
