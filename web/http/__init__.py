"""What every HTTP surface shares: authentication, errors, negotiation, security headers, uploads."""
