"""The application factory: takes what it serves, registers one blueprint per surface, reads no environment."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from flask import Flask

from web.api import health, terms
from web.api import routes as api_routes
from web.http import auth, security_headers
from web.http.cors import Cors
from web.http.error_handlers import install_errors
from web.linked_data import dataset, dataset_downloads, resources
from web.pages import quote_review
from web.pages import routes as page_routes
from web.services import Services
from web.sparql import endpoint, graph_store, update

__all__ = ["create_app"]

MAX_BODY_BYTES: Final = 1 << 20
"""Bytes of a request that are read; a larger one is answered with 413."""


def create_app(services: Services) -> Flask:
    """A WSGI application over one atlas. Safe to serve from several threads."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    security_headers.install(app)
    install_errors(app, services.graph_scrubber.diagnose)
    auth.install_read_token(app, auth.ReadAccess(services.settings.read_token, services.settings.token))
    now = services.atlas.now
    cors = Cors(services.settings.cors)
    scrubber = services.index_scrubber
    index_state = scrubber.state if scrubber else lambda: {"state": "unread"}
    app.register_blueprint(health.blueprint(services.live, services.graph_scrubber, index_state))
    app.register_blueprint(api_routes.blueprint(now))
    app.register_blueprint(terms.blueprint(now))
    app.register_blueprint(resources.blueprint(services.live, services.settings.base))
    app.register_blueprint(dataset.blueprint(services.live, services.settings.base, cors))
    app.register_blueprint(dataset_downloads.blueprint(services.live, cors))
    app.register_blueprint(page_routes.blueprint(now, services.settings.base))

    def generation() -> Path:
        return services.live.view().generation.path

    page = partial(page_routes.render_workbench, now)
    app.register_blueprint(endpoint.blueprint(services.pool, generation, workbench=page, cors=cors))
    may_write = auth.write_check(services.settings.token)
    app.register_blueprint(update.blueprint(services.writes, may_write))
    app.register_blueprint(quote_review.blueprint(services.live, services.writes, may_write, services.settings.token))
    app.register_blueprint(graph_store.blueprint(services.live, services.pool, services.writes, may_write, cors))
    return app
