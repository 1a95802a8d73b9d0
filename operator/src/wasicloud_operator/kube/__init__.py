"""The API server, and nothing else: credentials, requests, watches, the lease. Implements what ``reconcile.ports`` asks for."""
