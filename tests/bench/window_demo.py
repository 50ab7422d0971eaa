"""Open the window on the demo patient; leave when baseline and therapy play side by side. Prints when each step came.

Started by run.py with an empty cache, so the demo patient is written first. Kernels are compiled before.
"""

import sys
import time


def main() -> int:
    """Non-zero when the comparison does not come within five minutes."""
    begin = time.perf_counter()
    from PySide6.QtCore import QTimer

    from twinviewer.session.settings import Settings
    from twinviewer.ui.app import application
    from twinviewer.ui.theme import THEMES, Look

    app = application()
    look = Look()
    look.use(THEMES["dark"])
    from twinviewer.ui.window import MainWindow

    window = MainWindow(look, settings=Settings())
    window.resize(1600, 900)
    window.show()
    came: dict[str, float] = {}

    def watch() -> None:
        case = window.presenter.case
        runs = [scenario.run is not None for scenario in case.scenarios]
        reached = {
            "series": bool(case.series), "image": case.image is not None, "labels": case.labels is not None,
            "model": case.mesh is not None, "comparison": len(runs) > 1 and all(runs) and window.playback.playing,
        }  # fmt: skip
        for name, there in reached.items():
            if there and name not in came:
                came[name] = time.perf_counter() - begin
                print(name, f"{came[name]:.1f}", flush=True)
        if "comparison" in came:
            window.presenter._saved_revision = case.revision  # nobody is here to be asked whether to save
            app.quit()

    timer = QTimer()
    timer.timeout.connect(watch)
    timer.start(50)
    QTimer.singleShot(0, window.presenter.open_demo)
    QTimer.singleShot(300_000, app.quit)
    app.exec()
    window.shut_down()
    return 0 if "comparison" in came else 1


if __name__ == "__main__":
    sys.exit(main())
