#!/bin/sh
# Make the locks with hashes from the .in files, for every platform and Python >= 3.11.
set -eu
for name in requirements requirements-dev; do
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
        --no-emit-find-links --default-index https://pypi.org/simple "$name.in" -o "$name.lock"
done
