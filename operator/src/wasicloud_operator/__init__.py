"""The operator: WasmComponent, CapabilityProvider and Link objects become Deployments of the host, and what goes with them.

``api``, ``domain`` and ``build`` are pure and shared with the command line (``wasicloud dev``).
"""
