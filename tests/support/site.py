"""The pages over a fake atlas, as an application that a test can call or serve on a free port."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, Response, redirect, render_template, request
from werkzeug.serving import make_server

import web
from graph.errors import AtlasError, UnknownEntity
from web.api import routes as api_routes
from web.api import terms
from web.http import security_headers
from web.pages import routes as page_routes
from web.read_model.reader import Atlas

__all__ = ["create", "serving"]


def create(atlas: Atlas) -> Flask:
    """The pages alone: what other surfaces own (`/id`, `/sparql`, errors) stands here in its shortest form."""
    app = Flask("web", root_path=str(Path(web.__file__).parent))
    security_headers.install(app)
    app.register_blueprint(page_routes.blueprint(lambda: atlas, atlas.base))
    app.register_blueprint(terms.blueprint(lambda: atlas))

    @app.get("/api/v1/complete")
    def complete() -> Response:
        return api_routes._complete(lambda: atlas)

    @app.get("/id/<path:name>")
    def thing(name: str) -> Response:
        return redirect(f"/page/{name}", 303)  # type: ignore[return-value]

    @app.route("/sparql", methods=["GET", "POST"])
    def sparql() -> tuple[str, int]:
        if "text/html" not in request.headers.get("Accept", ""):
            return "{}", 200  # what a program gets
        return page_routes.render_workbench(lambda: atlas, request.values.get("query", ""))

    @app.errorhandler(AtlasError)
    def failed(error: AtlasError) -> tuple[str, int]:
        nearest = error.nearest if isinstance(error, UnknownEntity) else ()
        told = {"title": error.title, "message": error.message, "remedy": error.remedy, "nearest": nearest}
        return render_template("error.html", status=error.status, **told), error.status

    @app.errorhandler(404)
    def missing(_: Exception) -> tuple[str, int]:
        return render_template("error.html", status=404, title="Not Found", message="No such page.", remedy=""), 404

    return app


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve on 127.0.0.1 and a free port; gives the address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
