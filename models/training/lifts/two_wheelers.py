"""The two-wheelers by name: e-bikes and their look-alikes."""

from __future__ import annotations

from collections.abc import Callable

from . import cycles, mopeds
from .materials import Rng
from .parts import Thing

BUILDERS: dict[str, Callable[[Rng, str], Thing]] = {
    "moped": mopeds.build, "pedal e-bike": cycles.pedal_ebike, "folding e-bike": cycles.folding_ebike,
    "bicycle": cycles.bicycle, "child's bicycle": cycles.childs_bicycle, "kick scooter": cycles.kick_scooter,
}
EBIKES = ("moped", "pedal e-bike", "folding e-bike")
