#!/bin/sh
# Make the locks with hashes from the .in files, for every platform and Python >= 3.11. Versions that still fit stay;
# to raise one: sh scripts/lock.sh --upgrade-package NAME
set -eu
uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    tools=$(mktemp -d)
    trap 'rm -rf "$tools"' EXIT
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv=$tools/bin/uv
fi
for name in requirements requirements-escpos requirements-dev requirements-attack; do
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links --default-index https://pypi.org/simple "$@" "$name.in" -o "$name.lock"
done
