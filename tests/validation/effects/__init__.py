"""Published effects of every therapy beside ours: therapy -> what makes its rows.

Needs ``tests/support`` on the path. A test holds the names against the catalog.
"""

from collections.abc import Callable, Mapping
from functools import partial

from tests.validation.effects import combined, drugs, exercise, pacing, rhythm, support, valves
from tests.validation.effects.effect import Effect

EFFECTS: Mapping[str, Callable[[], list[Effect]]] = {
    "crt": lambda: [*pacing.crt(), *combined.veins()],
    "conduction_pacing": pacing.conduction_pacing,
    "beta_blocker": exercise.beta_blocker,
    **{
        name: partial(drugs.studied, name)
        for name in (
            "ace_inhibitor", "diuretic", "dobutamine", "ivabradine", "levosimendan", "nitroprusside", "noradrenaline",
        )
    },
    "channel_drug": lambda: [*rhythm.channel_drug(), *combined.drug_pairs()],
    "aortic_valve": valves.aortic_valve,
    "mitral_clip": valves.mitral_clip,
    "balloon_pump": support.balloon_pump,
    "ecmo": support.ecmo,
    "impella": support.impella,
    "lvad": support.lvad,
    "coronary": pacing.coronary,
    "ablation": rhythm.ablation,
    "programmed_stimulation": rhythm.programmed_stimulation,
    "exercise": exercise.exercise,
    "posture": exercise.posture,
    "load": exercise.load,
    "valve_lesion": valves.valve_lesion,
}  # fmt: skip
