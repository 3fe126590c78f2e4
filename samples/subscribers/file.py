#!/usr/bin/env python3
"""Follows a file of alerts, as a sink of `kind = "file"` writes it, over its rotations.

Prints each alert once, a line of JSON on standard output; all else goes to standard error. What is missing is only told: a file
has no way back to the box.

    python3 file.py /var/lib/firewarden/alerts.jsonl --state seen.db
"""

import argparse
import os
import sys
import time

from inbox import Inbox, arguments, say


def older(path):
    """The file that was begun last and those before it: PATH, PATH.1, PATH.2 and so on."""
    names = [path]
    while os.path.exists(f"{path}.{len(names)}"):
        names.append(f"{path}.{len(names)}")
    return names


def inode(name):
    try:
        return os.stat(name).st_ino
    except FileNotFoundError:
        return None


def following(path, file):
    """The name of the file that was begun after this one; None where it is the last."""
    names = older(path)
    inodes = [inode(name) for name in names]
    own = os.fstat(file.fileno()).st_ino
    # One that is gone was the oldest.
    at = inodes.index(own) if own in inodes else len(inodes)
    return names[at - 1] if at > 0 and inodes[at - 1] is not None else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", metavar="FILE", help="the sink's `path`")
    args = arguments(parser).parse_args()
    inbox = Inbox(args)
    file, line = None, b""
    while not inbox.is_over():
        # The oldest first: what was taken before is dropped as a repeat.
        oldest = older(args.path)[-1]
        if file is None and os.path.exists(oldest):
            file = open(oldest, "rb")
        if file is None:
            time.sleep(0.2)
            continue
        line += file.readline()
        if not line.endswith(b"\n"):
            # Its end, for now. It is asked whether it goes on elsewhere before this one is read once more: nothing is passed over.
            name = following(args.path, file)
            more = file.readline()
            line += more
            if name and not more:
                file.close()
                file, line = open(name, "rb"), b""
            elif not more:
                inbox.due()
                time.sleep(0.2)
        if line.endswith(b"\n"):
            try:
                if line.strip():
                    inbox.take(line)
            except ValueError as error:
                say(f"a line is left out: {error}")
            line = b""
    return inbox.code()


if __name__ == "__main__":
    sys.exit(main())
