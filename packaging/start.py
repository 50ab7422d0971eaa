"""Entry of the one-folder build. Worker processes start here too, hence freeze_support."""

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()
    from twinviewer.__main__ import main

    sys.exit(main())
