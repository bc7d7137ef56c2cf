"""The HTTP API: request, who asks, what they get, response. Errors are problem documents (RFC 9457)."""
