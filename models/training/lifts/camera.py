"""The ceiling camera: where it hangs, how it projects, and what its electronics do to the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .elevator import Shape
from .materials import Rng

MOUNTS = {"train": (["back corner", "front corner", "over the door", "back", "middle"], [0.42, 0.34, 0.12, 0.1, 0.02]), "held": (["side"], [1.0])}
FOVS = {"train": (((82.0, 102.0), 0.13), ((112.0, 133.0), 0.87)), "held": (((102.5, 111.5), 0.4), ((133.5, 138.0), 0.6))}
"""Spans of horizontal fields of view, degrees, and their shares."""


STEEP = ("over the door", "middle")
"""Mounts so close above the things that only a wide lens sees the car."""


HANGING = ("usual", "overhead")
"""How cameras hang: upright, looking over the car; or looking steeply down, at any roll."""
OVERHEAD_MOUNTS = {"train": (["corner", "middle", "doorway", "back"], [0.4, 0.3, 0.15, 0.15]), "held": (["side", "quarter"], [0.5, 0.5])}
OVERHEAD_FOVS = {"train": (((66.0, 102.0), 0.5), ((112.0, 133.0), 0.5)), "held": (((56.0, 65.0), 0.3), ((102.5, 111.5), 0.45), ((133.5, 138.0), 0.25))}
"""Of cameras that hang overhead: the longer lenses are those that see an e-bike large, and cut off."""
STEEPNESS = (50.0, 90.0)
"""Degrees below the horizon that such a camera looks."""


@dataclass
class Camera:
    """A camera: place and the unit vectors of its picture's right, up and depth; horizontal field of view; picture size."""

    mount: str
    place: np.ndarray
    right: np.ndarray
    up: np.ndarray
    ahead: np.ndarray
    fov: float
    fisheye: bool
    width: int
    height: int

    @property
    def focal(self) -> float:
        """Focal length as a share of the picture's width: equisolid r = 2 f sin(t / 2), or perspective r = f tan t."""
        half = np.radians(self.fov) / 2
        return 0.5 / (2 * np.sin(half / 2)) if self.fisheye else 0.5 / np.tan(half)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (n, 2), x right and y down, of points (n, 3); what lies behind a perspective camera lands far outside."""
        seen = (points - self.place) @ np.stack([self.right, self.up, self.ahead], 1)
        across = np.hypot(seen[:, 0], seen[:, 1]) + 1e-12
        angle = np.arctan2(across, seen[:, 2])
        if self.fisheye:
            radius = 2 * self.focal * np.sin(angle / 2)
        else:
            radius = self.focal * np.where(angle < 1.52, np.tan(np.minimum(angle, 1.52)), 20 + angle)
        radius = radius * self.width / across
        return np.stack([self.width / 2 + radius * seen[:, 0], self.height / 2 - radius * seen[:, 1]], 1)


def aim(mount: str, place: np.ndarray, target: np.ndarray, roll: float, fov: float, fisheye: bool, size: tuple[int, int]) -> Camera:
    """A camera at `place` that looks at `target`, rolled by `roll` degrees."""
    ahead = (target - place) / np.linalg.norm(target - place)
    right = np.cross(ahead, (0, 0, 1))
    if np.linalg.norm(right) < 1e-3:
        right = np.array([0, -1.0, 0])
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    return Camera(mount, place, right * c + up * s, up * c - right * s, ahead, fov, fisheye, *size)


def draw(rng: Rng, shape: Shape, profile: str, width: int) -> Camera:
    """A random camera of the profile in a car; the picture is `width` pixels wide, 16:9 or 4:3."""
    kinds, odds = MOUNTS[profile]
    mount = str(rng.choice(kinds, p=odds))
    (hx, hy), side, edge = shape.half, float(rng.choice([-1, 1])), 0.06
    x, y = {
        "back corner": (-hx + edge, side * (hy - edge)), "front corner": (hx - edge, side * (hy - edge)),
        "over the door": (hx - edge, rng.uniform(-0.25, 0.25) * shape.width), "back": (-hx + edge, rng.uniform(-0.3, 0.3) * shape.width),
        "middle": (rng.uniform(-0.2, 0.2) * shape.depth, rng.uniform(-0.2, 0.2) * shape.width), "side": (rng.uniform(-0.25, 0.25) * shape.depth, side * (hy - edge)),
    }[mount]
    place = np.array([x, y, shape.height - rng.uniform(0.04, 0.14)])
    low = rng.uniform(0.2, 1.0)
    ahead = 0.12 * shape.depth * float(mount.startswith("back"))
    target = np.array([rng.normal(ahead, 0.12), rng.normal(0, 0.12), 0.0 if mount == "middle" else low])
    spans = FOVS[profile]
    chosen = int(rng.choice(len(spans), p=[share for _, share in spans]))
    if mount in STEEP:
        chosen = len(spans) - 1
    fov = float(rng.uniform(*spans[chosen][0]))
    fisheye = bool(fov > 102 or rng.random() < 0.5)
    high = round(width * (9 / 16 if rng.random() < 0.7 else 3 / 4) / 2) * 2
    return aim(mount, place, target, float(rng.normal(0, 5)), fov, fisheye, (width, high))


def draw_overhead(rng: Rng, shape: Shape, profile: str, width: int) -> Camera:
    """A random camera of the profile that looks steeply down into a car, at any roll; the picture is `width` pixels wide, 16:9 or 4:3."""
    kinds, odds = OVERHEAD_MOUNTS[profile]
    mount = str(rng.choice(kinds, p=odds))
    (hx, hy), edge = shape.half, 0.06
    along, aside = (float(rng.choice([-1, 1])) for _ in range(2))
    x, y = {
        "corner": (along * (hx - edge), aside * (hy - edge)), "middle": (rng.uniform(-0.35, 0.35) * hx, rng.uniform(-0.35, 0.35) * hy),
        "doorway": (hx - edge, rng.uniform(-0.5, 0.5) * hy), "back": (-hx + edge, rng.uniform(-0.5, 0.5) * hy),
        "side": (rng.uniform(-0.5, 0.5) * hx, aside * (hy - edge)), "quarter": (along * rng.uniform(0.4, 0.7) * hx, aside * rng.uniform(0.4, 0.7) * hy),
    }[mount]
    place = np.array([x, y, shape.height - rng.uniform(0.03, 0.2)])
    steep = np.radians(rng.uniform(*STEEPNESS))
    # Towards the middle of the car, more or less; from the middle, anywhere.
    towards = rng.uniform(-np.pi, np.pi) if mount == "middle" else np.arctan2(-y, -x) + rng.normal(0, 0.4)
    ahead = np.array([np.cos(towards), np.sin(towards)]) * np.cos(steep)
    spans = OVERHEAD_FOVS[profile]
    fov = float(rng.uniform(*spans[int(rng.choice(len(spans), p=[share for _, share in spans]))][0]))
    fisheye = bool(fov > 102 or rng.random() < 0.5)
    high = round(width * (9 / 16 if rng.random() < 0.7 else 3 / 4) / 2) * 2
    return aim(mount, place, place + [*ahead, -np.sin(steep)], float(rng.uniform(0, 360)), fov, fisheye, (width, high))


@dataclass
class Electronics:
    """What the recorder does to a picture; drawn once for a picture or for a film."""

    exposure: float
    shoulder: bool
    white: tuple[float, float]
    contrast: float
    lift: float
    saturation: float
    vignette: float
    blur: float
    sharpen: float
    noise: float
    quality: int
    infrared: bool
    clock: bool
    clock_at: tuple[float, float]
    clock_size: float
    stamp: str
    label: str
    label_at: tuple[float, float]

    def level(self, colour: np.ndarray) -> float:
        """The gain that exposes a linear picture."""
        light = colour @ np.array([0.25, 0.65, 0.1])
        return self.exposure / (0.6 * float(np.median(light)) + 0.4 * float(np.minimum(light, 4).mean()) + 1e-4)

    def develop(self, colour: np.ndarray, gain: float) -> np.ndarray:
        """Display values (h, w, 3) 0..1 float32 of a linear picture: exposure, tone, colour, vignette, lens blur, sharpening."""
        height, width = colour.shape[:2]
        x = np.minimum(colour, 40) * gain
        if self.shoulder:
            x = x / (1 + 0.22 * x)
        x = x * (self.white[0], 1, self.white[1])
        x = np.where(x < 0.0031308, 12.92 * x, 1.055 * np.power(np.maximum(x, 1e-6), 1 / 2.4) - 0.055)
        x = np.clip((np.clip(x, 0, 1.15) - 0.5) * self.contrast + 0.5 + self.lift, 0, 1.1)
        light = (x @ np.array([0.5, 0.4, 0.1] if self.infrared else [0.3, 0.59, 0.11]))[..., None]
        x = light.repeat(3, 2) if self.infrared else light + (x - light) * self.saturation
        v, u = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        x = (x * (1 - self.vignette * np.minimum(np.hypot(u, v), 1.4) ** 2)[..., None]).astype(np.float32)
        if self.blur > 0.3:
            x = cv2.GaussianBlur(x, (0, 0), self.blur)
        if self.sharpen:
            x = x + self.sharpen * (x - cv2.GaussianBlur(x, (0, 0), 1.1))
        return x

    def finish(self, developed: np.ndarray, rng: Rng, stamp: str | None = None) -> np.ndarray:
        """The BGR picture (h, w, 3) uint8: noise, clock and camera name on top. `stamp` is the clock's text, or the drawn one."""
        height, width = developed.shape[:2]
        grain = rng.standard_normal((height, width, 1 if self.infrared else 3), np.float32) * self.noise
        grain = cv2.GaussianBlur(grain, (0, 0), 0.55).reshape(height, width, -1)
        out = np.ascontiguousarray((np.clip(developed + grain, 0, 1) * 255)[..., ::-1].astype(np.uint8))
        if self.clock:
            _write(out, self.stamp if stamp is None else stamp, self.clock_at, self.clock_size)
        if self.label:
            _write(out, self.label, self.label_at, self.clock_size)
        return out


def _write(image: np.ndarray, text: str, at: tuple[float, float], size: float) -> None:
    """White text with a dark edge; `at` is a share of the picture."""
    height, width = image.shape[:2]
    scale = size * width / 416
    wide = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)[0][0]
    place = (int(min(at[0] * width, width - wide - 3)), int(at[1] * height))
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (15, 15, 15), 2, cv2.LINE_AA)
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (240, 240, 240), 1, cv2.LINE_AA)


def draw_electronics(rng: Rng, infrared: bool) -> Electronics:
    """A random camera's electronics."""
    top = rng.random() < 0.65
    stamp = f"20{rng.integers(17, 27)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d} {rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}:{rng.integers(0, 60):02d}"
    label = str(rng.choice(["", "", "Camera 01", "CAM 2", "LIFT 3", "1-2-03", "IPC", "B2-1", "ch07"]))
    grey = infrared or bool(rng.random() < 0.03)
    return Electronics(
        exposure=float(rng.uniform(0.1, 0.3)), shoulder=bool(rng.random() < 0.7), white=(float(rng.normal(1, 0.06)), float(rng.normal(1, 0.09))),
        contrast=float(rng.uniform(0.88, 1.2)), lift=float(rng.normal(0, 0.03)), saturation=float(rng.uniform(0.5, 1.15)),
        vignette=float(rng.uniform(0, 0.25) + 0.1 * infrared), blur=float(rng.uniform(0.2, 0.95)), sharpen=float(rng.uniform(0.3, 0.9) * (rng.random() < 0.5)),
        noise=float(rng.uniform(0.004, 0.03) + 0.01 * infrared), quality=int(rng.integers(50, 93)), infrared=grey, clock=bool(rng.random() < 0.65),
        clock_at=(float(rng.choice([0.02, 0.05, 0.6])), float(rng.uniform(0.06, 0.09) if top else 0.965)), clock_size=float(rng.uniform(0.32, 0.5)), stamp=stamp,
        label=label, label_at=(float(rng.choice([0.03, 0.75])), 0.96 if top else 0.07),
    )
