"""``wasicloud-operator``: run until SIGTERM. Settings come from the environment (`settings`).

Exit codes: 0 ended when told to · 1 a part of it failed · 2 a setting is wrong, with one sentence on standard error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from typing import Any, cast

import kopf
from kubernetes.config import ConfigException

from wasicloud_operator import app, settings
from wasicloud_operator.handlers import lifecycle
from wasicloud_operator.kube import credentials


def main() -> int:
    """Run; the exit code."""
    try:
        wanted = settings.from_environment(os.environ)
        access = credentials.load(wanted.kubeconfig)
    except (settings.SettingInvalid, ConfigException) as error:
        sys.stderr.write(f"wasicloud-operator: {error}\n")
        return 2
    _log(wanted.log_level)
    return asyncio.run(_run(wanted, access))


async def _run(wanted: settings.Settings, access: credentials.Credentials) -> int:
    operator = app.App(wanted, access)
    await kopf.operator(
        registry=lifecycle.registry(operator),
        clusterwide=not wanted.namespaces,
        namespaces=wanted.namespaces,
        standalone=True,
        identity=cast("Any", wanted.identity),  # else kopf asks for the user's name, and a container's user has none
        stop_flag=operator.over,
    )
    return 1 if operator.failed else 0


class _Lines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _log(level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("wasicloud_operator").setLevel(level)


if __name__ == "__main__":
    sys.exit(main())
