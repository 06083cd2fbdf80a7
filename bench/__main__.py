"""``python -m bench`` runs every row, ``python -m bench NAME …`` some; exit 1 when a floor is missed or a row is void."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module

from bench.harness import Result, table

#: Modules with ``run() -> list[Result]``, cheapest first.
ROWS = (
    "pages",
    "posting",
    "postgresql",
    "writers",
    "growth",
    "bytes",
    "board",
    "qr",
    "plates",
    "lists",
    "county",
    "publication",
    "memory",
)


def main(names: list[str]) -> int:
    unknown = set(names) - set(ROWS)
    if unknown:
        print(f"no such row: {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
        return 2
    results: list[Result] = []
    broken: list[str] = []
    for name in names or ROWS:
        print(f"{name}:", flush=True)
        try:
            results += import_module(f"bench.{name}").run()
        except Exception:  # the other rows are still worth knowing; the run fails
            traceback.print_exc()
            broken.append(name)
    print()
    print(table(results))
    if broken:
        print(f"\nnot measured, see above: {', '.join(broken)}")
    return 1 if broken or any(result.failed for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
