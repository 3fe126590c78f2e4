"""What two programs cost, in turn. Only the ratio of the two in one round means something.

A lane and a post are run on the busy street, an elevator where nothing moves.
"""

import shutil
import statistics
import sys

import measure
import rows
import scenes

# What is run: a name, the scene, the rule, and whether a rule has the network of its own.
RUNS = (
    ("lane", "busy", rows.LANE, False),
    ("post", "busy", rows.POST, False),
    ("quiet elevator", "quiet", rows.ELEVATOR, True),
)


def slower(programs, args, target):
    """Tells the median ratios of `now` to `before`, and gives the names of what is over the bound."""
    folder = target / "guard" / "cost"
    folder.mkdir(parents=True, exist_ok=True)
    footage = scenes.Footage(args.clips, target / "bench-footage")
    makers = {
        name: rows.Rows(rows.Programs.probe(str(program), "", str(args.model.resolve())), footage, args.seconds, folder)
        for name, program in programs.items()
    }
    over = []
    for title, scene, kind, own in RUNS:
        scene = next(s for s in scenes.SCENES if s.name == scene)
        ratios = []
        for number in range(args.rounds):
            costs = {}
            # Whoever comes second finds warmer caches: the two take turns at that.
            for name in ("before", "now") if number % 2 == 0 else ("now", "before"):
                row = makers[name].firewarden(scene, kind, False, ["--threads", "1"], args.seconds, own=own)
                costs[name] = measure.run(row.command).cpu_s
                shutil.rmtree(row.command[row.command.index("--out") + 1])
            ratios.append(costs["now"] / costs["before"])
            print(f"{title}, round {number + 1}: {costs['before']:.2f} s before, {costs['now']:.2f} s now", file=sys.stderr)
        median = statistics.median(ratios)
        print(f"{title}: {median:.3f} x the processor time ({min(ratios):.3f} to {max(ratios):.3f}, {args.rounds} rounds)")
        if median > args.most:
            over.append(title)
    shutil.rmtree(folder)
    return over
