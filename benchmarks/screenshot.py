"""The README's picture, taken from the running site.

python -m benchmarks.screenshot http://127.0.0.1:8000
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.serving import serving

TARGET = Path(__file__).resolve().parents[1] / "docs" / "screenshot.png"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync")


def main(home: str) -> None:
    with serving(home) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1200, "height": 820})
        page.goto(f"{site}/page/cluster/ingame")
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "atlas")
