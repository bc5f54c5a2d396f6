"""`creative-atlas serve`: the site, the API and SPARQL."""

from __future__ import annotations

import click

from graph.sandbox.seccomp import available
from web.cli.options import home_option
from web.cli.output import next_steps
from web.server import address as server
from web.server.process_limits import check_address_space, check_threads
from web.services import Services

__all__ = ["serve"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--public", is_flag=True, help="Let anyone who can reach the host read the atlas.")
@home_option
def serve(host: str, port: int, public: bool, services: Services) -> None:
    """Serve the site, the API and SPARQL."""
    check_address_space()
    check_threads()
    settings = services.settings
    is_empty = services.live.view().snapshot.is_empty()
    server.check_address(host, port, public=public, settings=settings, fenced=settings.unfenced or available())
    host_in_url = f"[{host}]" if ":" in host else host
    click.echo(f"Serving {settings.home} at http://{host_in_url}:{port}/ (stop with Ctrl+C)")
    if is_empty:
        click.echo(f"This atlas is empty. {next_steps(services.home)}")
    server.serve(settings, host, port, home=settings.home, public=public)
