"""Build dist/twinviewer (one folder, no Python needed) and try it: version, catalogue, a call to an archive, the demo.

Usage: python packaging/build.py [--no-demo]
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Build, then run the smoke test on the result. Non-zero when either fails."""
    start = time.monotonic()
    os.chdir(ROOT)
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "packaging/twinviewer.spec"],
        check=True,
    )
    folder = ROOT / "dist" / "twinviewer"
    for name in ("twinviewer.desktop", "twinviewer.svg"):
        (folder / name).write_bytes((ROOT / "resources" / name).read_bytes())
    size_mb = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file() and not f.is_symlink()) / 1e6
    print(f"{folder}: {size_mb:.0f} MB, built in {time.monotonic() - start:.0f} s")
    return smoke(folder / "twinviewer", demo="--no-demo" not in sys.argv)


def smoke(program: Path, *, demo: bool) -> int:
    """Start the built program without a display; it must answer, reach an archive, and make the demo's metrics."""
    bare = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "PYTHONPATH", "VIRTUAL_ENV")}
    for arguments in (["--version"], ["therapies"]):
        subprocess.run([program, *arguments], check=True, env=bare, timeout=120)
    reaches_an_archive(program, bare)
    if demo:
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([program, "demo", "--headless", "--out", out], check=True, env=bare, timeout=600)
            made = sorted(p.name for p in Path(out).iterdir())
            print("smoke test wrote:", ", ".join(made))
            for name in ("metrics.json",):
                if name not in made:
                    print(f"missing: {name}", file=sys.stderr)
                    return 1
    print("smoke test passed")
    return 0


def reaches_an_archive(program: Path, environment: dict[str, str]) -> None:
    """The libraries of DICOM's networks are imported by the first call only: call one on loopback."""
    from pynetdicom import AE, evt

    archive = AE("ARCHIVE")
    archive.add_supported_context("1.2.840.10008.1.1")  # verification
    server = archive.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, lambda _: 0)])
    with tempfile.TemporaryDirectory() as folder:
        own = {**environment, "TWINVIEWER_SETTINGS": str(Path(folder) / "settings.json")}
        where = ["--host", "127.0.0.1", "--port", str(server.socket.getsockname()[1]), "--called", "ARCHIVE"]
        for arguments in (["add", "loopback", *where], ["test", "--node", "loopback"]):
            subprocess.run([program, "archive", *arguments], check=True, env=own, timeout=120)
    server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
