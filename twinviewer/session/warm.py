"""What a first run would wait for, done at install: every kernel compiled into its cache."""

from twinviewer.domain import Progress, Reporter, Setup, TherapyError, TwinviewerError, silent
from twinviewer.session import catalog

FIRST_STEPS = 0.06
"""Share of a run after which an engine has called all its kernels."""


def warm_plugins(setup: Setup, report: Reporter = silent) -> tuple[str, ...]:
    """Apply every therapy once as it stands, and take every engine that can run on this mesh through its first steps.

    Pure, for a worker process. Returns what would not run, in words; that is no error, for its kernels are compiled at
    first use then.
    """
    left = []
    for name, engine in catalog.engines().items():
        if not catalog.runs_on(engine, setup.mesh).ok:
            continue
        report(0.0, f"Kernels of {engine.label}")
        try:
            for one in engine.run(setup):
                if isinstance(one, Progress) and one.fraction > FIRST_STEPS:
                    break
        except TwinviewerError as error:
            left.append(f"{name}: {error.what}")
    for name, therapy in catalog.therapies().items():
        report(0.5, f"Kernels of {therapy.label}")
        try:
            therapy.apply(setup, {})
        except TherapyError:
            continue  # it has nothing to do on this heart, so no kernel either
        except (TwinviewerError, OSError) as error:
            left.append(f"{name}: {error}")
    return tuple(left)
