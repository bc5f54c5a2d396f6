"""The built front end, sites over small atlases, and a browser where there is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from filelock import FileLock
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import hatch_build
from tests.support.site import make_site, serving
from web.app import create_app
from web.services import Services

CHROMIUM = "/usr/bin/chromium"
REBOUND_HOST = "rebind.example"
"""A foreign name that the browser resolves to 127.0.0.1, as an attacker's name server would have it."""

ARGUMENTS = [
    f"--host-resolver-rules=MAP {REBOUND_HOST} 127.0.0.1",
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
def site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Services]:
    """Read only; its atlas is built once for all test processes of a run."""
    with FileLock(run_folder(tmp_path_factory) / "site.lock"):
        services = make_site(run_folder(tmp_path_factory) / "site", cache)
    yield services
    services.close()


@pytest.fixture(scope="session")
def hostile_site(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Services]:
    """As `site`, with texts that attack the page. Read only."""
    with FileLock(run_folder(tmp_path_factory) / "hostile-site.lock"):
        services = make_site(run_folder(tmp_path_factory) / "hostile-site", cache, hostile=True)
    yield services
    services.close()


def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the test processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture
def client(built: Path, site: Services) -> FlaskClient:
    return create_app(site).test_client()


@pytest.fixture
def hostile_client(built: Path, hostile_site: Services) -> FlaskClient:
    return create_app(hostile_site).test_client()


@pytest.fixture(scope="session")
def address(built: Path, site: Services) -> Iterator[str]:
    with serving(create_app(site)) as address:
        yield address


@pytest.fixture(scope="session")
def hostile_address(built: Path, hostile_site: Services) -> Iterator[str]:
    with serving(create_app(hostile_site)) as address:
        yield address


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
        violations: list[str] = self.page.evaluate("window.refused || []")
        return violations


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
