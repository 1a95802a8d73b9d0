"""The client, watches and the lease, against an API server that speaks HTTP."""
