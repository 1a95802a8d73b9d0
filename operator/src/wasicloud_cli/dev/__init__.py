"""``wasicloud dev``: what manifests describe, run on this machine; edits are applied as the operator would.

``plan`` decides (pure), ``workspace`` writes files for hosts, ``hosts`` are child processes, ``supervisor`` keeps one serving for each
component, ``watch`` notices edits, ``screen`` shows it all, ``command`` joins them.
"""
