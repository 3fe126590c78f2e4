"""What each subscriber here does with alerts: it drops repeats, tells which come late, finds holes, and notices silence.

Only Python's standard library is needed. What was taken is remembered in a file of SQLite (--state), so that a restart neither
repeats nor forgets anything. A platform does the same in its own database: in one transaction with what it makes of the alert.
"""

import argparse
import json
import sqlite3
import sys
import threading
import time

HEARTBEAT = "firewarden.box.heartbeat"
# `firewarden outbox test` and `check --probe` send a sign of life of no outbox: it says nothing about alerts.
NO_OUTBOX = "00000000-0000-0000-0000-000000000000"
# A box sends so many again for one request; it is asked for the rest afterwards.
AT_ONCE = 1000
# A hole is asked for so often, each time after twice as long; then it is taken for lost.
ASKS = 6


def say(text):
    """Says something to people: standard output is for alerts alone."""
    print(text, file=sys.stderr, flush=True)


def arguments(parser):
    """Adds the arguments that all subscribers have."""
    parser.add_argument("--state", metavar="FILE", default=":memory:",
                        help="remember here what was taken, over restarts; default: in memory only")
    parser.add_argument("--from", metavar="N", dest="begin", type=int,
                        help="the first sequence that is wanted of each outbox; default: the first that comes")
    parser.add_argument("--filtered", action="store_true",
                        help="the sink has kinds, phases or cameras, so holes are meant to be there: look for none")
    parser.add_argument("--ask-after", metavar="S", type=float, default=10,
                        help="ask for what is missing once it has been missing for so many seconds; default: 10")
    parser.add_argument("--silent-after", metavar="S", type=float, default=180,
                        help="say so where a box has sent no heartbeat for so many seconds; default: 180")
    parser.add_argument("--count", metavar="N", type=int, help="end after so many alerts; default: never")
    parser.add_argument("--timeout", metavar="S", type=float,
                        help="end after so many seconds, with code 1 where --count was not reached; default: never")
    return parser


class Inbox:
    """Takes alerts, and prints each once: a line of JSON on standard output."""

    def __init__(self, args):
        self.args = args
        self.lock = threading.RLock()
        self.taken = 0
        self.ends = time.monotonic() + args.timeout if args.timeout else None
        self.asked = {}  # (outbox, first missing) -> (when to ask next, how long to wait then, how often it was asked for)
        self.beats = {}  # box -> when its last heartbeat came; None once it was said that it is silent
        self.store = sqlite3.connect(args.state, check_same_thread=False)
        self.store.executescript("""
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, outbox TEXT, sequence INTEGER, source TEXT);
            CREATE INDEX IF NOT EXISTS alerts_sequence ON alerts (outbox, sequence);
            CREATE INDEX IF NOT EXISTS alerts_source ON alerts (source, outbox, sequence);
            CREATE TABLE IF NOT EXISTS outboxes (outbox TEXT PRIMARY KEY, box TEXT, wanted INTEGER, last INTEGER);
        """)

    def take(self, text):
        """Takes what came. Once it returns, the sender may be told that it is taken. Raises ValueError where it is no alert."""
        try:
            alert = json.loads(text)
            id, source, outbox = str(alert["id"]), str(alert["source"]), str(alert["outboxid"])
            sequence, is_beat = int(alert["sequence"]), alert["type"] == HEARTBEAT
        except (KeyError, TypeError) as error:
            raise ValueError(f"it is no alert: {error!r}") from error
        if not 0 <= sequence < 2**63:
            raise ValueError(f"it is no alert: its sequence is {sequence}")
        with self.lock:
            if is_beat:
                self.beat(source, outbox, sequence)
            elif not self.store.execute("SELECT 1 FROM alerts WHERE id = ?", (id,)).fetchone():
                # Of a camera, the alert with the highest sequence says how things are; one that comes after it is history.
                newer = self.store.execute("SELECT 1 FROM alerts WHERE source = ? AND outbox = ? AND sequence > ?",
                                           (source, outbox, sequence)).fetchone()
                if newer:
                    alert["late"] = True
                # First it is done, then it is noted, then it is acknowledged: in between, a crash leads to a repeat.
                print(json.dumps(alert, ensure_ascii=False), flush=True)
                self.store.execute("INSERT INTO alerts VALUES (?, ?, ?, ?)", (id, outbox, sequence, source))
                begin = self.args.begin or sequence
                self.store.execute("INSERT INTO outboxes VALUES (?, NULL, ?, ?) ON CONFLICT (outbox) DO UPDATE SET "
                                   "last = max(last, excluded.last)", (outbox, begin, sequence))
                self.taken += 1
            self.store.commit()

    def beat(self, source, outbox, last):
        """A heartbeat: the box lives, this is its outbox, and so many alerts have been in it."""
        if outbox == NO_OUTBOX:
            return say(f"{source}: somebody tries the sink")
        if self.beats.get(source, 0) is None:
            say(f"{source}: is heard again")
        self.beats[source] = time.monotonic()
        before = self.store.execute("SELECT outbox FROM outboxes WHERE box = ?", (source,)).fetchone()
        self.store.execute("INSERT INTO outboxes VALUES (?, ?, ?, ?) ON CONFLICT (outbox) DO UPDATE SET box = excluded.box, "
                           "last = max(last, excluded.last)", (outbox, source, self.args.begin or last + 1, last))
        if before and before[0] != outbox:
            say(f"{source}: has begun a new outbox; what the old one still held will not come")
            self.store.execute("UPDATE outboxes SET box = NULL WHERE outbox = ?", before)
            self.store.execute("UPDATE outboxes SET wanted = 1 WHERE outbox = ?", (outbox,))

    def holes(self, outbox, wanted, last):
        """The stretches of sequences that are missing."""
        if self.args.filtered:
            return
        have = self.store.execute("SELECT sequence FROM alerts WHERE outbox = ? AND sequence >= ? ORDER BY sequence",
                                  (outbox, wanted))
        for (sequence,) in have.fetchall() + [(last + 1,)]:
            if wanted < sequence:
                yield wanted, sequence - 1
            wanted = sequence + 1

    def due(self):
        """What is to be asked for now: pairs of the box, as `(SITE, BOX)` or None where it is not known, and the request."""
        now, requests, open_holes = time.monotonic(), [], set()
        with self.lock:
            for outbox, box, wanted, last in self.store.execute("SELECT * FROM outboxes").fetchall():
                first_hole = None
                for first, end in self.holes(outbox, wanted, last):
                    first_hole = first_hole or first
                    hole = (outbox, first)
                    open_holes.add(hole)
                    at, wait, times = self.asked.setdefault(hole, (now + self.args.ask_after, self.args.ask_after, 0))
                    if now < at or times > ASKS:
                        continue
                    self.asked[hole] = (now + 2 * wait, 2 * wait, times + 1)
                    if times == ASKS:
                        say(f"lost: {first} to {end} of outbox {outbox}")
                        continue
                    # /sites/SITE/boxes/BOX
                    parts = box.split("/") if box else None
                    request = {"outboxid": outbox, "from": first, "to": min(end, first + AT_ONCE - 1)}
                    requests.append(((parts[2], parts[4]) if parts else None, request))
                whole = first_hole or max(wanted, last + 1)
                if whole != wanted:  # What is whole need not be looked through again.
                    self.store.execute("UPDATE outboxes SET wanted = ? WHERE outbox = ?", (whole, outbox))
                    self.store.commit()
        self.asked = {hole: asked for hole, asked in self.asked.items() if hole in open_holes}
        for box, request in requests:
            say(f"missing: {json.dumps(request)}" + ("" if box else "; of which box is not known before its heartbeat"))
        return requests

    def listen(self):
        """Says which boxes have fallen silent."""
        for box, at in list(self.beats.items()):
            if at is not None and time.monotonic() - at > self.args.silent_after:
                self.beats[box] = None
                say(f"{box}: silent for {self.args.silent_after:g} s: it is off, cut off, or stopped")

    def is_over(self):
        """Whether it is to end."""
        return self.has_enough() or (self.ends is not None and time.monotonic() > self.ends)

    def has_enough(self):
        return self.args.count is not None and self.taken >= self.args.count

    def code(self):
        """With which code it ends."""
        return 0 if self.args.count is None or self.has_enough() else 1
