"""What the demo heart is made of: the layers that are painted front to back, their labels and their grey values.

Grey values (HU) of a coronary CT angiogram with biphasic contrast: left heart and aorta about 380, right heart about
250 and mixed, muscle about 110, epicardial fat about -90.
"""

from dataclasses import dataclass

LABELS = {
    1: "lv_myocardium",
    2: "lv_blood",
    3: "rv_blood",
    4: "la_blood",
    5: "ra_blood",
    6: "aorta",
    7: "pulmonary_artery",
    8: "rv_myocardium",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One solid. label 0: seen in the images, not labelled. mixing: how much the contrast varies within it, 0..1."""

    name: str
    label: int
    hu: float
    mixing: float = 0.0


LAYERS = (
    Layer("papillary_muscles", 2, 118.0),
    Layer("mitral_leaflets", 2, 110.0),
    Layer("aortic_leaflets", 6, 120.0),
    Layer("lv_blood", 2, 380.0, 0.06),
    Layer("aorta", 6, 385.0, 0.03),
    Layer("descending_aorta", 0, 385.0, 0.03),
    Layer("lv_wall", 1, 112.0),
    Layer("aortic_wall", 0, 60.0),
    Layer("rv_muscle_bands", 3, 112.0),
    Layer("tricuspid_leaflets", 3, 105.0),
    Layer("rv_blood", 3, 250.0, 0.55),
    Layer("pulmonary_artery", 7, 275.0, 0.3),
    Layer("pulmonary_branches", 0, 275.0, 0.3),
    Layer("la_blood", 4, 378.0, 0.06),
    Layer("la_wall", 0, 85.0),
    Layer("ra_blood", 5, 260.0, 1.0),
    Layer("ra_wall", 0, 80.0),
    Layer("coronary_arteries", 0, 390.0),
    Layer("rv_wall", 8, 105.0),
    Layer("pulmonary_wall", 0, 55.0),
    Layer("pulmonary_veins", 0, 375.0),
    Layer("superior_vena_cava", 0, 480.0, 0.8),
    Layer("inferior_vena_cava", 0, 130.0),
    Layer("cava_wall", 0, 50.0),
    Layer("coronary_sinus", 0, 175.0),
    Layer("epicardial_fat", 0, -90.0),
    Layer("pericardium", 0, 25.0),
)
LABEL_OF = {layer.name: layer.label for layer in LAYERS}
