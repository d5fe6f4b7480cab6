"""The workflow: actions pinned by commit, no permission that a job does not need."""

import re

import yaml

from tools import chapters

FOLDER = chapters.ROOT / ".github" / "workflows"
TEXTS = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.yml")}


def jobs():
    """Yield (file, name, job) for every job of every workflow."""
    for name, text in TEXTS.items():
        for job, values in yaml.safe_load(text)["jobs"].items():
            yield name, job, values


def test_every_action_is_pinned_by_a_commit_and_says_which_version_that_is():
    used = [line for text in TEXTS.values() for line in text.splitlines() if "uses:" in line]
    assert len(used) >= 4
    for line in used:
        assert re.fullmatch(r"\s*(- )?uses: [\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), (
            line
        )
    pins = {re.search(r"uses: (\S+)@", line)[1]: set() for line in used}
    for line in used:
        pins[re.search(r"uses: (\S+)@", line)[1]].add(line.split("@")[1])
    assert all(len(versions) == 1 for versions in pins.values()), pins


def test_only_the_job_that_publishes_may_write():
    for text in TEXTS.values():
        assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    allowed = {name: job["permissions"] for _, name, job in jobs() if "permissions" in job}
    assert allowed == {"publish": {"pages": "write", "id-token": "write"}}
    for _, name, job in jobs():
        if name == "publish":
            assert all("run" not in step for step in job["steps"]), "no code of ours there"
            assert "pull_request" in job["if"]


def test_no_job_keeps_a_token_or_runs_text_from_outside():
    for _, _, job in jobs():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            run = step.get("run", "")
            assert "${{" not in run, run
        assert "timeout-minutes" in job


def test_the_package_is_tried():
    commands = [step.get("run", "") for _, _, job in jobs() for step in job["steps"]]
    assert any(command.startswith("make package") for command in commands)


def test_a_cpu_build_is_left_to_make():
    assert not any("INDEX_URL" in text for text in TEXTS.values())
