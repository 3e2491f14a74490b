"""Answers every question a second time, from the posted lines and the definitions alone, and compares every cell.

Without a folder, writes the questions as JSON. Else reads the folder with `manifest.json` (the parts of events and the
rates with their stamps of receipt, and the questions), and prints, for each metric, the cells that were compared and
those that are equal. Counts, amounts, moments and words must be equal exactly, other numbers and estimated amounts to
1e-12 of their size."""

import importlib
import json
import sys
import time
from pathlib import Path

from ledger import Ledger, micros
from question import Question

MODULES = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))]
# Of each metric, what works it out, and the questions: the moment of knowledge and the rest of the address. `mid` knows
# half of the lines, `end` all of them with the last windows open, `far` with all windows over. `now` is the same moment
# as `far`, asked without `as_of`.
METRICS = {name: metric for module in MODULES for name, metric in getattr(module, "METRICS", {}).items()}
EXACT = 1e-12
SHOWN = 12


def same(told, counted, kind):
    if told is None or counted is None:
        return told is counted
    if kind == "timestamp":
        return micros(told) == counted
    if kind in ("number", "estimate"):
        told, counted = float(told), float(counted)
        return abs(told - counted) <= EXACT * max(1.0, abs(told), abs(counted))
    return told == counted


class Score:
    def __init__(self):
        self.questions = self.cells = self.equal = 0
        self.differences = []


def keyed(rows, keys, moments):
    """Rows by what names them; a name that stands twice is told."""
    found = {}
    for row in rows:
        name = tuple(row[key] if key not in moments or row[key] is None else moments[key](row[key]) for key in keys)
        if name in found:
            raise ValueError(f"two rows of {name}")
        found[name] = row
    return found


def compare(question, answer, counted, keys, score):
    """Sets the answer beside the rows that were counted, by their keys."""
    kinds = {column["name"]: column["type"] for column in answer["columns"]}
    if question.metric == "forecast":
        kinds = {name: "estimate" if kind == "amount" else kind for name, kind in kinds.items()}
    keys = ["bucket_start", *question.group_by, *(key for key in keys if key not in question.group_by)]
    as_micros = {key: micros for key in keys if kinds[key] == "timestamp"}
    told = keyed(answer["rows"], keys, as_micros)
    expected = keyed(counted, keys, {})
    score.questions += 1
    for name in sorted(told.keys() | expected.keys(), key=repr):
        one, other = told.get(name), expected.get(name)
        if one is None or other is None:
            score.cells += len(kinds)
            score.differences.append(f"{question.path}\n    {name}: only {'counted' if one is None else 'told'}: {one or other}")
            continue
        for column, kind in kinds.items():
            score.cells += 1
            if column not in other:
                score.differences.append(f"{question.path}\n    {name}: {column} is not counted")
            elif same(one[column], other[column], kind):
                score.equal += 1
            else:
                score.differences.append(
                    f"{question.path}\n    {name}: {column} told {one[column]!r}, counted {other[column]!r}"
                )


def questions():
    return [[metric, *one] for metric, (_, asked) in METRICS.items() for one in asked]


def main(folder, only):
    with open(f"{folder}/manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    ledger = Ledger(folder, manifest)
    counts = manifest["counts"]
    assert (len(ledger.events), ledger.duplicates, ledger.conflicts) == (
        counts["accepted"], counts["duplicates"], counts["conflicts"]), (len(ledger.events), counts)
    print(f"{len(ledger.events)} events, {ledger.duplicates} duplicates, {ledger.conflicts} conflicts")
    scores = {}
    # By as_of, so that what a moment knew is worked out once.
    asked = sorted(manifest["questions"], key=lambda one: one["as_of"])
    for one in asked:
        question = Question(one["path"], micros(one["as_of"]))
        if only and question.metric not in only:
            continue
        with open(f"{folder}/{one['file']}", encoding="utf-8") as file:
            answer = json.load(file)
        started = time.monotonic()
        counted, keys = METRICS[question.metric][0](ledger.known_at(question.as_of), question)
        for row in counted:
            bucket = row.pop("bucket")
            row.update(bucket_start=bucket.start, bucket_end=bucket.end, complete=bucket.complete)
        score = scores.setdefault(question.metric, Score())
        compare(question, answer, counted, keys, score)
        if time.monotonic() - started > 20:
            print(f"  {time.monotonic() - started:.0f} s: {one['path']}", file=sys.stderr)
    print(f"{'metric':<16}{'questions':>10}{'cells':>10}{'equal':>10}")
    for metric, score in scores.items():
        print(f"{metric:<16}{score.questions:>10}{score.cells:>10}{score.equal:>10}")
        for difference in score.differences[:SHOWN]:
            print(f"  {difference}")
    return 1 if any(score.differences for score in scores.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) == 1:
        json.dump(questions(), sys.stdout)
    else:
        sys.exit(main(sys.argv[1], set(sys.argv[2:])))
