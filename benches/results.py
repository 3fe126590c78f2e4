"""From what the runs cost to what the table and the JSON say. Ratios are taken within each run, before the median."""

import json
import statistics

import rows


def spread(values):
    """A measure over the runs."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values), "runs": list(values)}


def summed_up(scene, listed, costs):
    """The results of one scene: `costs` holds, by the key of a row, its cost in each run."""
    per_second = {row.key: [processor(row, cost) for cost in costs[row.key]] for row in listed}
    return [result(scene, row, costs[row.key], per_second) for row in listed]


def processor(row, cost):
    """Processor seconds per second of one camera's video."""
    if row.key == rows.LIMIT:
        told = json.loads(cost.output)
        inference = next(iter(told["inference_s"].values()))
        return (told["decode_s_per_key_frame"] + inference) * told["key_frames"] / row.camera_s
    return cost.cpu_s / row.camera_s


def result(scene, row, costs, per_second):
    """One line of the JSON."""
    own = per_second[row.key]
    told = {
        "scene": scene.name,
        "row": row.key,
        "title": row.title,
        "cameras": row.cameras,
        "camera_s": row.camera_s,
        "cpu_s_per_camera_s": spread(own),
        "cameras_per_core": spread([1 / cpu for cpu in own]),
    }

    def ratio(name, other):
        if other in per_second:
            told[name] = spread([theirs / ours for theirs, ours in zip(per_second[other], own)])

    ratio("times_usual_5", rows.USUAL_5)
    ratio("times_usual_half", rows.USUAL_HALF)
    if row.at_key_frames and row.key != rows.LIMIT:
        ratio("of_limit", rows.LIMIT)
    if row.key == rows.LIMIT:
        told["alone"] = [json.loads(cost.output) for cost in costs]
        return told
    told["peak_mib"] = spread([cost.peak_mib for cost in costs])
    told["late_mib"] = spread([cost.late_mib for cost in costs])
    told["looks_per_camera_s"] = looks(row, costs[-1])
    behind = [how_far_behind(cost) for cost in costs]
    if all(behind):
        told["behind_s"] = spread([mean for mean, _ in behind])
        told["behind_most_s"] = spread([most for _, most in behind])
    if row.cores:
        speeds = [row.camera_s / cost.wall_s for cost in costs]
        told["camera_s_per_wall_s"] = spread(speeds)
        for name, base in (("of_cores_times_limit", rows.LIMIT), ("of_cores_times_one", rows.LANE)):
            if base in per_second:
                told[name] = spread([speed * cpu / row.cores for speed, cpu in zip(speeds, per_second[base])])
    return told


def looks(row, cost):
    """How often a second a camera was really looked at."""
    told = json.loads(cost.output)
    taken = told["looks"] if "looks" in told else sum(camera["looks"] for camera in told["cameras"])
    return taken / row.camera_s


def how_far_behind(cost):
    """Seconds from when pictures were sent until their looks were judged, in the mean of the cameras and at most; none where
    the recording was not read at a pace."""
    told = json.loads(cost.output).get("cameras", [])
    behind = [camera["behind_s"] for camera in told if "behind_s" in camera]
    if not behind:
        return None
    return statistics.mean(each["mean"] for each in behind), max(each["most"] for each in behind)


def memory_per_camera(results):
    """MiB that each camera adds in the paced engine, from two cameras to the most; none where it was not measured."""
    late = {}
    for told in results:
        if told["scene"] == "busy" and told["row"].startswith("paced-") and not told["row"].endswith("-skip"):
            late[told["cameras"]] = told["late_mib"]["runs"]
    if not {2, rows.MANY} <= set(late):
        return None
    return spread([(many - two) / (rows.MANY - 2) for two, many in zip(late[2], late[rows.MANY])])


def lookup(results, scene, row, measure):
    """The median of a measure, or none."""
    for told in results:
        if (told["scene"], told["row"]) == (scene, row) and measure in told:
            return told[measure]["median"]
    return None
