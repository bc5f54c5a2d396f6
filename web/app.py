"""The application factory: takes what it serves, registers one blueprint per surface, reads no environment."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from flask import Flask

from web import (
    api,
    auth,
    dataset,
    dump,
    graph_store,
    health,
    linked_data,
    pages,
    review,
    security,
    sparql,
    terms_api,
    update,
)
from web.compose import Services
from web.errors import install_errors

__all__ = ["create_app"]

MAX_BODY = 1 << 20
"""Bytes of a request that are read; a larger one is answered with 413."""


def create_app(services: Services) -> Flask:
    """A WSGI application over one atlas. Safe to serve from several threads."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.json.sort_keys = False  # type: ignore[attr-defined]
    security.install(app)
    install_errors(app)
    auth.install_read_token(app, services.settings.read_token, services.settings.token)
    atlas = services.atlas
    watch = services.watch
    app.register_blueprint(health.blueprint(services.live, watch.state if watch else lambda: {"state": "unread"}))
    app.register_blueprint(api.blueprint(services.live, atlas))
    app.register_blueprint(terms_api.blueprint(atlas))
    app.register_blueprint(linked_data.blueprint(services.live, services.settings.base))
    app.register_blueprint(dataset.blueprint(services.live, services.settings.base))
    app.register_blueprint(dump.blueprint(services.live))
    app.register_blueprint(pages.blueprint(atlas))

    def generation() -> Path:
        return services.live.view().generation.path

    page = partial(pages.render_workbench, atlas)
    app.register_blueprint(sparql.blueprint(services.pool, generation, workbench=page))
    may_write = auth.write_check(services.settings.token)
    app.register_blueprint(update.blueprint(services.writes, may_write))
    app.register_blueprint(review.blueprint(services.live, services.writes, may_write, services.settings.token))
    app.register_blueprint(graph_store.blueprint(services.live, services.pool, services.writes, may_write))
    return app
