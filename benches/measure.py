"""What a command costs: processor time, time on the clock, memory."""

import dataclasses
import os
import subprocess
import threading
import time


@dataclasses.dataclass
class Cost:
    """What one run of a command took, children that it waited for included."""

    # Processor seconds, user and system.
    cpu_s: float
    wall_s: float
    # MiB of the largest process at its largest.
    peak_mib: float
    # MiB of the process itself at the largest in the second half of its life, when starting up is over.
    late_mib: float
    # What it wrote to its standard output.
    output: str


def environment():
    """The environment for everything that is measured. Some machines force an older kernel on numerical libraries; the
    pipeline compared with is not held back by that."""
    return {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}


def run(command):
    """Runs a command to its end. Its standard error is kept for the message of the failure."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
    samples = []
    errors = []
    # Both pipes are emptied while it runs, and its memory is looked at from the side.
    aside = [
        threading.Thread(target=lambda: errors.append(process.stderr.read())),
        threading.Thread(target=watch, args=(process.pid, samples), daemon=True),
    ]
    for thread in aside:
        thread.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    for thread in aside:
        thread.join()
    if process.returncode != 0:
        last = "\n".join("".join(errors).strip().splitlines()[-5:])
        raise SystemExit(f"bench: {' '.join(map(str, command))} ended with {process.returncode}:\n{last}")
    half = began + wall / 2
    late = [mib for at, mib in samples if at >= half]
    peak = usage.ru_maxrss / 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak, max(late, default=peak), output)


def watch(pid, samples):
    """Notes a process's resident memory five times a second until it ends."""
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    while True:
        try:
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                resident = int(file.read().split()[1]) * page
        except (OSError, IndexError):
            return
        if resident == 0:
            return
        samples.append((time.monotonic(), resident))
        time.sleep(0.2)
