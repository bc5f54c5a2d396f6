"""granian still takes the socket that `web.server.http_server` has bound: the one private method that it overrides."""

from __future__ import annotations

import inspect

from granian.server.embed import Server


def test_granian_makes_its_socket_in_the_method_that_is_overridden() -> None:
    changed = "granian changed how it makes its socket: mend _EmbeddedServer in web/server/http_server.py"
    assert hasattr(Server, "_init_shared_socket"), changed
    assert "self._init_shared_socket()" in inspect.getsource(Server.startup), changed
    assert "self._shd" in inspect.getsource(Server._spawn_worker), changed
