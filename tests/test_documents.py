"""The documents keep their promises: links lead somewhere, targets and settings exist, JSON is JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from config import Settings

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NOT_SETTINGS = {"TEST_DATABASE_URL", "TEST_REDIS_URL"}
"""Variables that the tests read, and nothing else."""

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z%-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@every_document
def test_every_link_to_a_file_or_heading_leads_somewhere(document: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        name, _, heading = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (heading and heading not in headings(target)):
            dead.append(link)
    assert dead == []


def headings(document: Path) -> set[str]:
    """The anchors that a Markdown file's headings get."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@every_document
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"`make ([a-z-]+)(?=[` ])", document.read_text()))
    runnable = [path for path in ROOT.glob("bench/*.py") if "__main__" in path.read_text()]
    benchmarks = {f"bench-{path.stem.replace('_', '-')}" for path in runnable}
    assert named - targets() - benchmarks == set()


@every_document
def test_every_setting_that_is_named_exists(document: Path) -> None:
    """In capitals, with an underscore, in code quotes: that is how the documents write a setting."""
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", document.read_text()))
    assert named - {name.upper() for name in Settings.model_fields} - NOT_SETTINGS == set()


@every_document
def test_every_json_example_can_be_parsed(document: Path) -> None:
    for block in re.findall(r"```json\n(.*?)```", document.read_text(), re.DOTALL):
        json.loads(block)


@every_document
def test_every_test_that_is_named_exists(document: Path) -> None:
    """A claim names the test by which it is known: `tests/…/test_x.py::test_y`."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", document.read_text()))
    missing = {
        f"{path}::{test}"
        for path, test in named
        if not (ROOT / path).exists() or f"def {test}(" not in (ROOT / path).read_text()
    }
    assert missing == set()


def test_every_claim_about_a_requirement_says_how_it_is_known() -> None:
    text = (ROOT / "docs/asvs.md").read_text()
    rows = re.findall(r"^\| (\d+\.\d+\.\d+) \| .+? \| (.+) \|$", text, re.MULTILINE)
    numbers = [tuple(map(int, number.split("."))) for number, _ in rows]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 259
    assert [number for number, told in rows if not re.match(r"(met|n/a|open)\b", told)] == []
    assert [number for number, told in rows if told == "n/a"] == []


def test_every_target_explains_itself() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if re.match(r"[a-z%-]+:", line)]
    assert [line for line in lines if " ## " not in line] == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        seen.add(document)
        for link in re.findall(r"\]\(([^)\s#]+\.md)", document.read_text()):
            target = (document.parent / link).resolve()
            if "://" not in link and target not in seen:
                waiting.append(target)
    assert set(DOCUMENTS) - seen == set()
