"""`/healthz`: the process answers. `/readyz`: it can answer from the live generation."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from graph.errors import AtlasError
from web.live import Live
from web.problems import problem

__all__ = ["blueprint"]


def blueprint(live: Live) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def readyz() -> Response:
        try:
            view = live.view()
        except AtlasError as error:
            return problem(error, status=503)
        return jsonify(status="ready", generation=view.generation.number)

    return routes
