"""kopf's side: the process, its start and its end, credentials; and what is told about it, health and figures.

kopf's watching is not used, nor are its indexes: one cache of our own (``kube.watch``, ``reconcile.world``) feeds all decisions.
"""
