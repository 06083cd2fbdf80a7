#!/bin/sh
# Make the virtual environment: sh scripts/venv.sh PYTHON FOLDER
set -eu
python=$1 folder=$2
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "shanzhi needs Python 3.11 or newer; found: ${python:-none}. Name another one: make PYTHON=/path/to/python3" >&2
    exit 1
fi
[ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1 && exit 0
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian splits venv off
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt-get update -qq && apt-get install -y -qq "$package" >/dev/null
    else
        echo "Python's venv module is missing. Run once:  sudo apt-get install $package" >&2
        exit 1
    fi
fi
"$python" -m venv "$folder"
