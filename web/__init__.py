"""Who asks: settings, composition, the Flask application, the command line."""
