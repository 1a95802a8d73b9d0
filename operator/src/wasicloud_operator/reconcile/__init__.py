"""From a change to a written status: what a view of the world means, step by step, and the queue and worker around it.

Decisions are pure functions of a frozen view; what they need of the outside is said by the Protocols in ``ports``.
Nothing here imports Kubernetes or kopf.
"""
