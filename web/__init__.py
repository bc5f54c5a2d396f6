"""The service: settings, composition, the Flask application, the command line."""
