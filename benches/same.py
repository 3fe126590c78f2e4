"""Whether two programs find the same: results byte by byte, what is said, and how it ended."""

import concurrent.futures
import dataclasses
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

THREADS = (1, 2, 4)
# No input takes a tenth of this many seconds, unless somebody waits for somebody.
PATIENCE = 600
# What comes first is told first, for the others follow from it.
ORDER = ("exit", "said", "printed", "violations.jsonl", "observations/", "violations.csv", "evidence/", "")
# How far it has come is said as often as there is time for.
PROGRESS = re.compile(rb"^ *\d+ %  .*\n", re.MULTILINE)
# A report tells when it was made and how fast; so does what is beside the list.
OWN = re.compile(rb'<dd class="own">.*?</dd>', re.DOTALL)
TIMED = ("report.sha256", "run.json")
# What results have had for a while only: where one of two has it, it is left out, with what follows from it. That is its line in the
# list of hashes, the hash of that list in the report, and the stills of the report, which are made smaller in another way since.
NEWER = "outcome.json"
FOLLOWS = (re.compile(rb"^[0-9a-f]{64}  outcome\.json\n", re.MULTILINE), re.compile(rb"SHA-256 <code>[0-9a-f]{64}</code>"),
           re.compile(rb"data:image/jpeg;base64,[A-Za-z0-9+/=]*"))


@dataclasses.dataclass(frozen=True)
class Difference:
    """What of an input is not the same, and between what."""

    input: str
    between: str
    # Names of files, the most telling first.
    names: list
    # Where the first of them differs.
    where: str

    def __str__(self):
        more = f" (and {', '.join(self.names[1:4])}{' …' if len(self.names) > 4 else ''})" if self.names[1:] else ""
        return f"{self.input}: {self.between}: {self.where}{more}"


class Expected:
    """Inputs whose results a mended fault changes. In a file: a pattern of names, and behind it the reason."""

    def __init__(self, path=None):
        self.reasons = {}
        lines = path.read_text(encoding="utf-8").splitlines() if path else []
        for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
            pattern, _, reason = line.partition(" ")
            if not reason.strip():
                raise SystemExit(f"guard: {path}: {pattern} has no reason behind it")
            self.reasons[pattern] = reason.strip()
        self.met = set()

    def reason(self, name):
        """Why this input may differ; none where it may not."""
        for pattern, reason in self.reasons.items():
            if fnmatch.fnmatch(name, pattern):
                self.met.add(pattern)
                return reason
        return None

    def unmet(self):
        return sorted(set(self.reasons) - self.met)


class Results:
    """Runs programs on inputs. What the earlier one gave is kept for the next time, with what it was given."""

    def __init__(self, before, now, folder):
        self.before, self.now = before, now
        self.folder = folder
        # What was kept is of use for this program, as this file runs it.
        self.hash = hashlib.sha256(before.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()

    def differences(self, each, at_once):
        """What differs, input by input as they are done."""
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            for done in concurrent.futures.as_completed([pool.submit(self.compared, one) for one in each]):
                yield done.result()

    def compared(self, one):
        """The name of an input, and how it differs: from the program before, and over numbers of threads."""
        before = self.kept(one)
        first, *others = [self.run(self.now, one, threads, f"now-{threads}") for threads in self.threads(one)]
        found = [difference(one.name, "before and now", before, first)]
        for threads, other in zip(THREADS[1:], others):
            found.append(difference(one.name, f"1 and {threads} threads", first, other))
        for folder in (first, *others):
            shutil.rmtree(folder)
        return one.name, [each for each in found if each]

    def threads(self, one):
        return THREADS if one.command == "analyze" else THREADS[:1]

    def kept(self, one):
        """What the program before gave, now or at another time."""
        given = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in one.files]
        told = json.dumps([self.hash, one.config, one.command, one.more, given])
        key = hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()
        folder = self.place(one) / "before"
        mark = self.place(one) / "before.key"
        if not (folder.is_dir() and mark.is_file() and mark.read_text() == key):
            mark.unlink(missing_ok=True)
            self.run(self.before, one, 1, "before")
            mark.write_text(key)
        return folder

    def place(self, one):
        return self.folder / one.name.replace("/", "-")

    def run(self, program, one, threads, name):
        """Runs a program. Beside what it leaves: what it said and printed, and how it ended."""
        place = self.place(one)
        place.mkdir(parents=True, exist_ok=True)
        config = one.at or place / "firewarden.toml"
        if not one.at:
            config.write_text(one.config, encoding="utf-8")
        folder = place / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        out = folder / "result"
        command = [program, one.command, "--config", config, "--out", out, *one.more]
        if one.command == "analyze":
            command += ["--json", "--threads", str(threads)]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=PATIENCE)
            told = {"said": PROGRESS.sub(b"", done.stderr), "printed": done.stdout, "exit": str(done.returncode).encode()}
        except subprocess.TimeoutExpired:
            told = {"exit": f"not within {PATIENCE} s".encode()}
        for name, text in told.items():
            folder.joinpath(name).write_bytes(text.replace(os.fsencode(out), b"OUT"))
        return folder


@dataclasses.dataclass(frozen=True)
class Older:
    """A file that is compared with one of a program that did not have what is newer."""

    path: pathlib.Path


def difference(name, between, one, other):
    """How two results differ, or nothing."""
    one, other = contents(one), contents(other)
    if (NEWER in one) != (NEWER in other):
        one, other = ({name: Older(path) for name, path in files.items() if name != NEWER} for files in (one, other))
    names = sorted((each for each in one.keys() | other.keys() if differs(one, other, each)), key=rank)
    return Difference(name, between, names, where(names[0], one, other)) if names else None


def contents(folder):
    """The files of a result, by their names in it."""
    files = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = str(path.relative_to(folder)).removeprefix("result/")
        if name not in TIMED:
            files[name] = path
    return files


def differs(one, other, name):
    return name not in one or name not in other or read(one[name]) != read(other[name])


def read(path):
    if isinstance(path, Older):
        data = read(path.path)
        for follows in FOLLOWS if path.path.suffix == ".html" or path.path.name == "SHA256SUMS" else ():
            data = follows.sub(b"", data)
        return data
    data = path.read_bytes()
    return OWN.sub(b"", data) if path.suffix == ".html" else data


def rank(name):
    return next(place for place, start in enumerate(ORDER) if name.startswith(start)), name


def where(name, one, other):
    """The first line in which a file differs, as far as it is text."""
    if name not in one or name not in other:
        return f"only {'the first' if name in one else 'the second'} has {name}"
    left, right = read(one[name]), read(other[name])
    try:
        lines = left.decode().splitlines(), right.decode().splitlines()
    except UnicodeDecodeError:
        at = next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
        return f"{name}: byte {at} of {len(left)} and {len(right)}"
    number = next((i for i, (a, b) in enumerate(zip(*lines)) if a != b), min(map(len, lines)))
    return f"{name}, line {number + 1}: {excerpts(*(each[number] if number < len(each) else '' for each in lines))}"


def excerpts(left, right):
    """Two lines from a little before where they differ."""
    at = max(0, len(os.path.commonprefix([left, right])) - 40)
    return " | ".join(("…" if at else "") + (line[at : at + 100] or "(nothing)") for line in (left, right))


def told(results, each, expected, at_once):
    """Compares, and tells what differs. Gives how many differ that are not expected to."""
    wrong, fine, reasons, number = 0, 0, 0, 0
    for name, found in results.differences(each, at_once):
        number += 1
        print(f"guard: {number} of {len(each)}: {name}", file=sys.stderr)
        fine += not found
        # That threads change something is nobody's intention.
        reason = expected.reason(name) if found and all(one.between == "before and now" for one in found) else None
        for one in found:
            print(f"{'expected' if reason else 'DIFFERS'}: {one}{f' — {reason}' if reason else ''}", flush=True)
        reasons += bool(reason)
        wrong += bool(found) and not reason
    print(f"results: {fine} of {len(each)} inputs the same, {reasons} differ as expected, {wrong} differ", flush=True)
    for pattern in expected.unmet():
        print(f"results: {pattern} was expected to differ, and nothing that it names does")
    return wrong
