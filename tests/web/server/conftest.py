from tests.support.echo_site import echo_generation, ended, impatient, make_served, served  # noqa: F401  # fixtures
