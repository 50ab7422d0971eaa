#!/usr/bin/env bash
# Makes .venv with everything Twinviewer needs. Usage: packaging/setup.sh [run|dev]
# System libraries come through apt on Debian and Ubuntu when they are missing and this user may install them;
# otherwise the one line to run is printed. Nothing outside .venv is touched beyond that.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-run}
venv=${VENV:-.venv}

libraries="libGL.so.1:libgl1 libEGL.so.1:libegl1 libxkbcommon-x11.so.0:libxkbcommon-x11-0 libxcb-cursor.so.0:libxcb-cursor0
libxcb-icccm.so.4:libxcb-icccm4 libxcb-keysyms.so.1:libxcb-keysyms1 libxcb-image.so.0:libxcb-image0
libxcb-render-util.so.0:libxcb-render-util0 libxcb-shape.so.0:libxcb-shape0 libxcb-randr.so.0:libxcb-randr0
libxcb-xkb.so.1:libxcb-xkb1 libxcb-sync.so.1:libxcb-sync1 libxcb-xfixes.so.0:libxcb-xfixes0
libfontconfig.so.1:libfontconfig1 libglib-2.0.so.0:libglib2.0-0 libdbus-1.so.3:libdbus-1-3 libXrender.so.1:libxrender1
libOSMesa.so.8:libosmesa6"
missing=""
if [ "$(uname -s)" = Linux ]; then
  known=$( (ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null || true) )
  for pair in $libraries; do
    case "$known" in *"${pair%%:*}"*) ;; *) missing="$missing ${pair##*:}" ;; esac
  done
  for driver in /usr/lib/*/dri/swrast_dri.so /usr/lib64/dri/swrast_dri.so /usr/lib/*/libgallium*; do
    [ -e "$driver" ] && mesa=yes
  done
  [ "${mesa:-}" = yes ] || missing="$missing libgl1-mesa-dri libglx-mesa0 libegl-mesa0"
  [ -n "$(ls /usr/share/fonts 2>/dev/null)" ] || missing="$missing fonts-dejavu-core"
  # The tests drive a real window on a virtual screen.
  [ "$mode" = run ] || command -v Xvfb >/dev/null || missing="$missing xvfb xauth"
fi

python=${PYTHON:-}
if [ -z "$python" ]; then
  for name in python3.12 python3.13 python3.11 python3 python; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(not (3,11) <= sys.version_info < (3,14))' 2>/dev/null
    then python=$name; break; fi
  done
fi
[ -n "$python" ] || { echo "Twinviewer needs Python 3.11, 3.12 or 3.13; none was found. Install one, or set PYTHON." >&2; exit 1; }
"$python" -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"

if [ -n "$missing" ]; then
  if command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=""; [ "$(id -u)" = 0 ] || as_root="sudo -n"
    echo "Installing system libraries:$missing"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq || true
    for package in $missing; do  # one by one: a name that a release lacks must not stop the rest
      $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 \
        || $as_root apt-get install -y -qq --no-install-recommends "${package}t64" >/dev/null 2>&1 \
        || echo "  could not install $package; going on without it"
    done
  else
    echo "System libraries are missing. On Debian or Ubuntu, please run once:" >&2
    echo "  sudo apt-get install -y$missing" >&2
  fi
fi

stamp="$venv/.twinviewer-$mode"
want=$(cat requirements.lock pyproject.toml | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then exit 0; fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "Installing Python packages into $venv (the first time takes a minute or two)"
extra=""; [ "$mode" = run ] || extra="[dev]"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable ".$extra"
# Compile the numerical kernels now, so that the first heart does not wait for them.
"$venv/bin/python" -m twinviewer warm || echo "The kernels will be compiled at first use."
echo "$want" >"$stamp"
[ "$mode" = run ] || echo "$want" >"$venv/.twinviewer-run"
