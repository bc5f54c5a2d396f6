"""The built front end, sites over small atlases, and a browser where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import hatch_build
from tests.support import site, world
from tests.support.fake_atlas import FakeAtlas

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def built() -> Path:
    root = Path(hatch_build.__file__).parent
    try:
        hatch_build.build(root)
    except RuntimeError as error:
        pytest.skip(f"the front end cannot be built here: {str(error)[-300:]}")
    return root / hatch_build.OUTPUT


@pytest.fixture(scope="session")
def atlas() -> FakeAtlas:
    return FakeAtlas(world.small())


@pytest.fixture
def client(built: Path, atlas: FakeAtlas) -> FlaskClient:
    return site.create(atlas).test_client()


@pytest.fixture(scope="session")
def address(built: Path, atlas: FakeAtlas) -> Iterator[str]:
    with site.serving(site.create(atlas)) as where:
        yield where


@pytest.fixture(scope="session")
def hostile_address(built: Path) -> Iterator[str]:
    with site.serving(site.create(FakeAtlas(world.hostile()))) as where:
        yield where


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium")
    if path is None:
        pytest.skip(f"browser tests need Chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


@dataclass(slots=True)
class Watched:
    """A page, and everything that went wrong on it."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.refused || []")
        return found


Open = Callable[..., Watched]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens an address in a fresh context: `opened(url, width=320, scripts=False)`."""
    contexts: list[BrowserContext] = []

    def open_page(url: str, *, width: int = 1280, scripts: bool = True) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        watched = Watched(page)
        page.add_init_script(
            "window.refused = []; document.addEventListener('securitypolicyviolation',"
            "(event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`))"
        )
        page.on("console", lambda message: watched.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: watched.errors.append(str(error)))
        page.goto(url)
        page.wait_for_load_state("networkidle")
        return watched

    yield open_page
    for context in contexts:
        context.close()
