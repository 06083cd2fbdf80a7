"""Make the icon sprite and the inline icons from a copy of the npm package ``lucide-static``.

    npm pack lucide-static && tar xf lucide-static-*.tgz
    python scripts/vendor_icons.py package

Writes ``static/icons.svg`` (one ``<symbol>`` a name, for desk lists) and ``templates/components/icons/<name>.svg``
(the drawing alone, put into the page by the ``icon`` macro). Our own names stand for what an icon means here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ATTRIBUTES = 'viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'

NAMES = """
gift megaphone hand-helping handshake messages-square scan-line scan-qr-code qr-code printer chevron-left chevron-right
chevron-down chevron-up arrow-right arrow-left house search user user-plus user-check users store building building-2
map-pin map phone star camera image x check triangle-alert info lock lock-open key-round log-out log-in calendar
calendar-days clock list list-checks list-ordered table download upload file-spreadsheet file-text trash-2 pencil plus
minus undo-2 rotate-ccw refresh-cw shield-check badge-check trophy award medal package package-check package-open
shopping-basket shopping-cart ticket ticket-percent scissors footprints droplet droplets spray-can scroll scroll-text
wheat bubbles milk egg soup apple cooking-pot toothbrush umbrella lamp soap-dispenser-droplet grid-3x3 grid-2x2 wifi-off
wifi volume-2 a-large-small settings monitor smartphone tablet-smartphone history book-open book-open-check scale ban
circle-help circle-check circle-x circle-alert bell eye eye-off send copy external-link id-card contact credit-card
wallet landmark flag heart-handshake hand-heart leaf sprout brush-cleaning trash tag tags receipt receipt-text
chart-column chart-line trending-up layers route clipboard-list clipboard-check clipboard-pen coins percent power
delete ellipsis sliders-horizontal archive database hard-drive door-open toggle-left thumbs-up languages sun
"""

#: Our name -> lucide's, where the newest name differs or another drawing says it better.
DRAWN_AS = {
    "circle-help": "circle-question-mark",
    "soap": "bubbles",
    "oil": "bottle-wine",
    "rice": "wheat",
    "tissue": "scroll",
}


def drawing(package: Path, name: str) -> str:
    text = (package / "icons" / f"{DRAWN_AS.get(name, name)}.svg").read_text(encoding="utf-8")
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$|<!--.*?-->", "", text, flags=re.S)
    return re.sub(r"\s*\n\s*", "", inner).replace(" />", "/>").strip()


def main(package: Path) -> None:
    folder = ROOT / "templates" / "components" / "icons"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    symbols = []
    for name in sorted({*NAMES.split(), *DRAWN_AS}):
        inner = drawing(package, name)
        (folder / f"{name}.svg").write_text(inner + "\n", encoding="utf-8")
        symbols.append(f'<symbol id="{name}" {ATTRIBUTES}>{inner}</symbol>')
    sprite = '<svg xmlns="http://www.w3.org/2000/svg"><!-- lucide, ISC licence: vendor/lucide-LICENSE.txt -->\n'
    (ROOT / "static" / "icons.svg").write_text(sprite + "\n".join(symbols) + "\n</svg>\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
