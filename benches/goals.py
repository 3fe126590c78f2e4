"""What the engine must reach. All are ratios within one run, with no static scene skipped."""

import results
import rows

# Scene, row, measure, the least, in words.
GOALS = [
    *(
        goal
        for scene in ("busy", "b-frames")
        for kind in rows.AT_KEY_FRAMES
        for goal in (
            (scene, kind, "times_usual_5", 12.0, "× usual pipeline at 5 looks/s"),
            (scene, kind, "times_usual_half", 7.0, "× usual pipeline at a look in 2 s"),
            (scene, kind, "of_limit", 0.80, "of the limit"),
        )
    ),
    ("quiet", rows.ELEVATOR, "times_usual_5", 8.0, "× usual pipeline at 5 looks/s"),
    ("busy", rows.ELEVATOR, "times_usual_5", 1.2, "× usual pipeline at 5 looks/s"),
    ("b-frames", rows.ELEVATOR, "times_usual_5", 1.4, "× usual pipeline at 5 looks/s"),
    ("busy", f"all-cores-{rows.MANY}", "of_cores_times_limit", 0.85, "of cores × the limit"),
    ("busy", "all-cores-1", "of_cores_times_limit", 0.85, "of cores × the limit"),
    ("busy", "all-cores-1", "of_cores_times_one", 0.90, "of cores × one core's speed"),
]
MEMORY_MIB = 12.0


def lines(told):
    """Each goal that was measured, with what was reached."""
    for scene, row, measure, least, words in GOALS:
        reached = results.lookup(told, scene, row, measure)
        if reached is not None:
            verdict = "reached" if reached >= least else "MISSED"
            yield f"  {verdict:8} {scene:9} {row:28} {reached:6.2f}, at least {least:5.2f} {words}"
    memory = results.memory_per_camera(told)
    if memory is not None:
        verdict = "reached" if memory["median"] <= MEMORY_MIB else "MISSED"
        what = "memory per additional camera"
        yield f"  {verdict:8} {'busy':9} {what:28} {memory['median']:6.2f}, at most {MEMORY_MIB:6.2f} MiB"
