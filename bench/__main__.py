"""`python -m bench [SCENARIO…] [--quick]`: measures, prints a table of ratios, writes results/latest.{json,svg}."""

from __future__ import annotations

import argparse
import sys

from bench import report, scenarios
from bench.processes import ROOT
from bench.rounds import Effort


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", help=f"one of {', '.join(scenarios.SCENARIOS)}; by default all")
    parser.add_argument("--quick", action="store_true", help="one short round of each: does it run, not how fast")
    arguments = parser.parse_args()
    unknown = set(arguments.scenario) - set(scenarios.SCENARIOS)
    if unknown:
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(scenarios.SCENARIOS)}")
    effort = Effort(1, 1) if arguments.quick else Effort(5, 2)
    rows = []
    for scenario in scenarios.chosen(arguments.scenario):
        for row in scenario(effort):
            print(f"  {row.scenario}: {row.ours} | {row.peer}", file=sys.stderr, flush=True)
            rows.append(row)
    print(report.table(rows))
    if not arguments.scenario and not arguments.quick:
        report.write(rows, ROOT / "bench/results")
    return 0


if __name__ == "__main__":
    sys.exit(main())
