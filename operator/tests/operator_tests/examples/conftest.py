"""Examples of a test's own."""

from pathlib import Path

import pytest

from operator_tests.examples import visit


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    return visit.copied(tmp_path)
