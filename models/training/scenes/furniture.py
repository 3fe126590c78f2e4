"""What stands in a fire control room: the console with its monitors, chairs, alarm cabinets, small things on the desk.

Each function adds solids to an assembly; `surfaces` has the finishes that they name. Lengths are metres, z is up.
"""

from __future__ import annotations

import cv2
import numpy as np

from lifts import geometry as g
from lifts import materials as m
from lifts.materials import Rng, Surface

DESK_TOP = 0.75
SEAT = 0.47
"""Heights of the desk and of the chair's seat."""


def desk(out: g.Assembly, left: float, right: float, front: float, back: float) -> None:
    """A console against the wall y = `back`: a top, panels at both ends and below, a raised shelf at the back."""
    middle, half = (left + right) / 2, (right - left) / 2
    out.add("top", g.box((middle, (front + back) / 2, DESK_TOP - 0.018), (half, (back - front) / 2, 0.018)))
    for x in (left + 0.02, middle, right - 0.02):
        out.add("body", g.box((x, (front + back) / 2 + 0.08, (DESK_TOP - 0.036) / 2), (0.02, (back - front) / 2 - 0.09, (DESK_TOP - 0.036) / 2)))
    out.add("body", g.box((middle, back - 0.06, 0.36), (half, 0.015, 0.33)), g.box((middle, back - 0.09, DESK_TOP + 0.07), (half, 0.09, 0.07)))
    out.add("edge", g.box((middle, front + 0.004, DESK_TOP - 0.018), (half, 0.006, 0.02)))


def screen_image(rng: Rng, kind: str) -> np.ndarray:
    """What a monitor shows (24, 40, 3), rows from below: "plan" of a floor, "views" of nine cameras, or a "list" of events."""
    image = np.full((24, 40, 3), (0.012, 0.02, 0.035), np.float32)
    if kind == "views":
        for i in range(3):
            for j in range(3):
                shade = 0.06 + 0.25 * cv2.resize(rng.random((3, 4, 1)).astype(np.float32), (12, 7), interpolation=cv2.INTER_CUBIC)
                image[i * 8 : i * 8 + 7, j * 13 + 1 : j * 13 + 13] = np.clip(shade, 0.02, 1)[..., None] * rng.uniform(0.7, 1.0, 3)
    elif kind == "plan":
        image[:] = (0.02, 0.06, 0.1)
        for _ in range(9):
            x, y = int(rng.integers(1, 30)), int(rng.integers(1, 17))
            cv2.rectangle(image, (x, y), (x + int(rng.integers(4, 10)), y + int(rng.integers(3, 7))), (0.1, 0.45, 0.6), 1)
        for _ in range(6):
            image[int(rng.integers(2, 22)), int(rng.integers(2, 38))] = (0.1, 0.9, 0.2)
    else:
        image[21:] = (0.05, 0.15, 0.4)
        for row in range(2, 20, 3):
            image[row, 2 : int(rng.integers(16, 38))] = 0.5 if row != 11 else (0.8, 0.1, 0.05)
    return image


def monitor(rng: Rng, out: g.Assembly, place: np.ndarray, kind: str) -> None:
    """A monitor 0.56 m wide on its foot; `place` (4 x 4) stands it, its screen faces -y of its own frame."""
    own = g.Assembly()
    own.add("bezel", g.box((0, 0.02, 0.29), (0.285, 0.018, 0.17)), g.box((0, 0.06, 0.29), (0.13, 0.03, 0.09)), g.box((0, 0.05, 0.07), (0.03, 0.012, 0.08)), g.box((0, 0.04, 0.006), (0.12, 0.08, 0.006)))
    image = screen_image(rng, kind)
    rows, columns = image.shape[:2]
    x, z = np.meshgrid(np.linspace(-0.272, 0.272, columns + 1), np.linspace(0.134, 0.446, rows + 1))
    own.add("screen", g.sheet(np.stack([x, np.zeros_like(x), z], -1)), colours=image.reshape(-1, 3))
    out.join(own, place)


def chair() -> g.Assembly:
    """An office chair on five castors, facing +x, its column at the origin."""
    out = g.Assembly()
    out.add("fabric", g.blob((0.02, 0, SEAT - 0.04), (0.25, 0.24, 0.045), 4), g.blob((-0.25, 0, SEAT + 0.3), (0.04, 0.21, 0.24), 3.2, g.rotation("y", -9)))
    out.add("plastic", g.tube([[-0.1, 0, SEAT - 0.07], [-0.27, 0, SEAT - 0.05], [-0.28, 0, SEAT + 0.16]], 0.02, 6, 3), g.tube([[0, 0, 0.08], [0, 0, SEAT - 0.07]], 0.028, 8, 0))
    for k in range(5):
        angle = 2 * np.pi * k / 5 + 0.4
        end = np.array([0.3 * np.cos(angle), 0.3 * np.sin(angle), 0.075])
        out.add("plastic", g.tube([(0, 0, 0.1), end], [0.026, 0.018], 6, 0), g.blob(end - (0, 0, 0.045), (0.03, 0.03, 0.03), 2, sides=8, rows=6))
    for side in (-1, 1):
        out.add("plastic", g.tube([[0.02, side * 0.24, SEAT - 0.05], [0.0, side * 0.29, SEAT + 0.08], [0.0, side * 0.29, SEAT + 0.2]], 0.016, 6, 3), g.box((0.02, side * 0.29, SEAT + 0.21), (0.13, 0.03, 0.014)))
    return out


def cabinet(rng: Rng, out: g.Assembly, y: float, wall: float, alarm: bool) -> None:
    """A cabinet 0.6 m wide before the wall x = `wall`, its front facing -x: an alarm panel with lamps and display, or plain doors."""
    depth, high = 0.45, 1.9
    front = wall - depth
    out.add("steel", g.box((wall - depth / 2, y, high / 2 + 0.05), (depth / 2, 0.295, high / 2)))
    out.add("plastic", g.box((wall - depth / 2 + 0.02, y, 0.025), (depth / 2 - 0.03, 0.28, 0.025)))
    if not alarm:
        for level in (0.55, 1.4):
            out.add("seam", g.box((front - 0.001, y, level), (0.002, 0.27, 0.004)))
        out.add("dark", g.box((front - 0.006, y + 0.2, 1.05), (0.006, 0.012, 0.07)))
        return
    out.add("dark", g.box((front - 0.004, y, 1.45), (0.005, 0.25, 0.32)), g.box((front - 0.004, y, 0.9), (0.005, 0.25, 0.14)))
    out.add("display", g.box((front - 0.011, y + 0.06, 1.62), (0.003, 0.13, 0.075)))
    for row in range(5):
        for column in range(8):
            kind = str(rng.choice(["green", "off", "off", "red", "amber"], p=[0.42, 0.3, 0.2, 0.04, 0.04]))
            out.add(kind, g.box((front - 0.011, y - 0.19 + 0.054 * column, 1.25 + 0.052 * row), (0.003, 0.012, 0.009)))
    for column in range(6):
        out.add("key", g.box((front - 0.012, y - 0.16 + 0.064 * column, 0.9), (0.005, 0.02, 0.03)))
    out.add("red", g.disc((0, 0, 0), 0.03, 0.012).moved(g.placement(front - 0.012, y - 0.18, np.pi / 2, 1.62)))
    out.add("seam", g.box((front - 0.001, y, 0.62), (0.002, 0.27, 0.004)))


def small_things(out: g.Assembly, x: float, y: float) -> None:
    """A telephone, a keyboard, a mug and papers about (x, y) on the desk."""
    z = DESK_TOP
    out.add("dark", g.box((x, y, z + 0.011), (0.21, 0.07, 0.011)), g.blob((x + 0.29, y, z + 0.018), (0.03, 0.05, 0.018), 2.5))
    out.add("phone", g.box((x + 0.72, y + 0.08, z + 0.03), (0.09, 0.1, 0.03)), g.blob((x + 0.66, y + 0.08, z + 0.075), (0.025, 0.1, 0.02), 3))
    out.add("mug", g.tube([[x - 0.42, y + 0.06, z], [x - 0.42, y + 0.06, z + 0.11]], 0.04, 12, 0))
    out.add("paper", g.box((x - 0.62, y, z + 0.004), (0.1, 0.14, 0.004), g.rotation("z", 12)))


def extinguisher(out: g.Assembly, x: float, y: float) -> None:
    """A fire extinguisher on the floor."""
    out.add("bottle", g.loft([(x, y, 0.02, 0.075, 0.075, 2), (x, y, 0.4, 0.075, 0.075, 2), (x, y, 0.47, 0.03, 0.03, 2)], "z", 14, 3))
    out.add("dark", g.tube([[x, y, 0.46], [x, y, 0.53], [x + 0.06, y, 0.55]], 0.014, 6, 0), g.tube([[x, y, 0.5], [x - 0.1, y, 0.42], [x - 0.1, y, 0.2]], 0.012, 6, 3))


def surfaces() -> dict[str, Surface]:
    """The finishes of everything in the room."""
    return {
        "top": Surface(m.hsv(0.09, 0.35, 0.42), 0.35, grain=0.1), "body": Surface((0.32, 0.33, 0.34), 0.5), "edge": Surface((0.05, 0.05, 0.055), 0.5), "bezel": Surface((0.012, 0.012, 0.013), 0.4),
        "screen": Surface((0.1, 0.1, 0.1), 0.3, glow=2.2), "fabric": Surface((0.07, 0.1, 0.17), 0.9, grain=0.3), "plastic": Surface((0.018, 0.018, 0.02), 0.45),
        "steel": Surface((0.5, 0.5, 0.47), 0.45, grain=0.05), "seam": Surface((0.08, 0.08, 0.08), 0.6), "dark": Surface((0.03, 0.031, 0.034), 0.4), "display": Surface((0.08, 0.35, 0.5), 0.3, glow=1.6),
        "green": Surface((0.03, 0.8, 0.1), 0.4, glow=2.0), "red": Surface((0.8, 0.03, 0.02), 0.4, glow=1.2), "amber": Surface((0.9, 0.4, 0.02), 0.4, glow=1.5), "off": Surface((0.09, 0.09, 0.09), 0.4),
        "key": Surface((0.4, 0.4, 0.42), 0.5), "phone": Surface((0.35, 0.02, 0.02), 0.35), "mug": Surface((0.6, 0.6, 0.58), 0.3), "paper": Surface((0.7, 0.7, 0.68), 0.8),
        "bottle": Surface((0.42, 0.01, 0.01), 0.3, coat=0.5), "skirting": Surface((0.12, 0.1, 0.09), 0.6), "frame": Surface((0.2, 0.14, 0.09), 0.5), "leaf": Surface((0.34, 0.2, 0.1), 0.45, grain=0.15),
        "handle": Surface((0.5, 0.5, 0.5), 0.25, 1.0), "ceiling": Surface((0.66, 0.66, 0.64), 0.8), "lamp": Surface((1.0, 1.0, 0.97), glow=4.0), "conduit": Surface((0.5, 0.03, 0.03), 0.5),
    }
