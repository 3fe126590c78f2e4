"""The table on standard output."""

import goals
import results

COLUMNS = [
    ("CPU ms per", "camera second", 13),
    ("cameras", "per core", 10),
    ("× usual at 5/s", "(min, max)", 22),
    ("× usual at 0.5/s", "(min, max)", 22),
    ("% of", "limit", 8),
    ("looks", "per s", 8),
    ("peak", "MiB", 7),
]


def show(told, titles):
    """Everything that was measured, scene by scene, then the goals. `titles` are those of the scenes, by name."""
    for number in (0, 1):
        print(" " * 48 + "".join(f"{column[number]:>{column[2]}}" for column in COLUMNS))
    for scene, title in titles.items():
        print(f"{scene}: {title}")
        for row in told:
            if row["scene"] == scene:
                print(line(row))
    clocked = [row for row in told if "camera_s_per_wall_s" in row]
    if clocked:
        print("\nby the clock (only where nothing else runs beside it)")
    for row in clocked:
        speed = row["camera_s_per_wall_s"]["median"]
        shares = share(row, "of_cores_times_limit", "cores × the limit")
        shares += share(row, "of_cores_times_one", "cores × one core")
        print(f"  {row['title']:46} {speed:6.1f} s of video a second{shares}")
    paced = [row for row in told if "behind_s" in row]
    if paced:
        print("\nseconds from when a picture is sent until its look is judged, and at most")
    for row in paced:
        mean, most = row["behind_s"]["median"], row["behind_most_s"]["median"]
        print(f"  {row['scene']:9} {row['title']:46} {mean:6.2f} {most:6.2f}")
    memory = results.memory_per_camera(told)
    if memory:
        low, middle, high = memory["min"], memory["median"], memory["max"]
        print(f"\nmemory per additional camera, paced: {middle:.1f} MiB ({low:.1f} to {high:.1f})")
    print("\nwhat must be reached")
    print("\n".join(goals.lines(told)))


def line(row):
    def ratio(name):
        if name not in row:
            return f"{'':22}"
        r = row[name]
        text = f"{r['median']:.2f} ({r['min']:.2f}, {r['max']:.2f})"
        return f"{text:>22}"

    cpu = row["cpu_s_per_camera_s"]["median"] * 1000
    limit = f"{row['of_limit']['median'] * 100:8.0f}" if "of_limit" in row else f"{'':8}"
    looks = f"{row['looks_per_camera_s']:8.2f}" if "looks_per_camera_s" in row else f"{'':8}"
    peak = f"{row['peak_mib']['median']:7.0f}" if "peak_mib" in row else ""
    cameras = row["cameras_per_core"]["median"]
    start = f"  {row['title']:46}{cpu:13.2f}{cameras:10.1f}"
    return (start + ratio("times_usual_5") + ratio("times_usual_half") + limit + looks + peak).rstrip()


def share(row, name, words):
    return f", {row[name]['median'] * 100:.0f} % of {words}" if name in row else ""
