"""What a surveillance camera's electronics do to a picture by day, in dim light, in the dark, at night and by its own infra-red light."""

from __future__ import annotations

from dataclasses import replace

from lifts import camera
from lifts.camera import Electronics
from lifts.materials import Rng

LABELS = ("", "", "Camera 01", "CAM 2", "Hall", "1F-03", "IPC", "B2-1", "ch07", "Gate 4", "D5")


def draw(rng: Rng, light: str) -> Electronics:
    """The electronics of a picture's camera under a plan's light."""
    out = replace(camera.draw_electronics(rng, light == "infrared"), label=str(rng.choice(LABELS)))
    if light == "dim":
        return replace(out, exposure=float(rng.uniform(0.07, 0.14)), noise=float(rng.uniform(0.015, 0.035)))
    if light in ("dark", "night"):
        low = (0.025, 0.06) if light == "dark" else (0.04, 0.09)
        return replace(out, exposure=float(rng.uniform(*low)), noise=float(rng.uniform(0.025, 0.06)), lift=float(rng.uniform(0.0, 0.03)),
                       saturation=float(rng.uniform(0.2, 0.8)), blur=float(rng.uniform(0.5, 1.1)), contrast=float(rng.uniform(0.85, 1.05)))
    if light == "infrared":
        return replace(out, noise=float(rng.uniform(0.015, 0.045)), exposure=float(rng.uniform(0.1, 0.22)))
    return replace(out, exposure=float(rng.uniform(0.18, 0.38)))
