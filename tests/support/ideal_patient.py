"""The ideal heart as a patient with a cuff and an ejection fraction, fitted and ready to be treated."""

from functools import lru_cache

from ideal_heart import ideal_heart

from twinviewer.domain import Quantity, Records, Setup
from twinviewer.organs.heart.setup import setup


def measured(value: float, unit: str) -> Quantity:
    return Quantity(value, unit, "measured", "test")


@lru_cache(maxsize=2)
def ideal_patient(systolic_mmhg: float = 118.0, diastolic_mmhg: float = 71.0, esv_ml: float = 44.0) -> Setup:
    """Of 100 mL at end-diastole and 70 bpm."""
    records = Records(
        {
            "heart_rate_bpm": measured(70.0, "bpm"),
            "systolic_mmhg": measured(systolic_mmhg, "mmHg"),
            "diastolic_mmhg": measured(diastolic_mmhg, "mmHg"),
        }
    )
    volumes = {"lv_edv_ml": measured(100.0, "mL"), "lv_esv_ml": measured(esv_ml, "mL")}
    return setup(ideal_heart(), volumes, records, {})
