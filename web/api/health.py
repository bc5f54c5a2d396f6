"""Health checks: `/healthz`, the process runs; `/readyz`, it can open the live generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify

from graph.errors import AtlasError
from web.http.problems import problem
from web.maintenance.graph_scrubber import GraphScrubber
from web.read_model.live_generation import Live

__all__ = ["blueprint"]


def blueprint(live: Live, graph: GraphScrubber, index: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """`graph` knows of damage of the graph, with which a server is not ready; `index` gives the state of the search
    index. A server that rebuilds its index is still ready."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def readyz() -> Response:
        try:
            view = live.ready()
            graph.require_sound()
        except AtlasError as error:
            return problem(error, status=503)
        return jsonify(status="ready", generation=view.generation.number, graph=graph.state(), index=index())

    return routes
