"""All pictures as they are trained on, in a few files: for training on a machine that has neither the sets nor their room.

    python -m network.pack --dataset D --work W --weights M --to FOLDER
    python -m network.train CANDIDATE --packed FOLDER …

``FOLDER/index.json`` says what each picture shows; ``piece-N.bin`` hold the pictures, made as small as training needs them
and coded as WebP, one after the other. What is measured on is not packed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from data.files import written
from data.picture import Box, DataError, Picture
from network.batches import Store

SIDE = 520
"""Pixels of the longer side: a quarter more than the longest input, for crops."""
QUALITY = 82
PIECE = 60_000_000
"""Bytes of a piece, at most."""
PACKED = ("train", "choose")


def write(pictures: Sequence[Picture], folder: Path, piece: int = PIECE, threads: int = 2) -> str:
    """Packs the pictures of the parts ``PACKED``; returns a line about them."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(SIDE, budget=0)
    wanted = [picture for picture in pictures if picture.part in PACKED]

    def coded(picture: Picture) -> bytes:
        return cv2.imencode(".webp", store[picture], [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes()

    entries, pieces, filling = [], 0, bytearray()
    with ThreadPoolExecutor(threads) as pool:
        for picture, image in zip(wanted, pool.map(coded, wanted)):
            if filling and len(filling) + len(image) > piece:
                _write_piece(folder, pieces, filling)
                pieces, filling = pieces + 1, bytearray()
            boxes = [[box.kind, box.left, box.top, box.right, box.bottom, box.visible] for box in picture.boxes]
            entries.append({
                "name": picture.path.name, "set": picture.set, "boxes": boxes, "complete": sorted(picture.complete),
                "group": picture.group, "part": picture.part, "piece": pieces, "at": len(filling), "bytes": len(image),
            })
            filling += image
    _write_piece(folder, pieces, filling)
    with written(folder / "index.json") as unfinished:
        unfinished.write_text(json.dumps(entries), encoding="utf-8")
    return f"{folder}: {len(entries)} pictures in {pieces + 1} pieces"


def read(folder: Path) -> tuple[list[Picture], Store]:
    """The pictures and the store that holds them, decoded when they are wanted. Raises ``DataError`` where a piece is missing
    or short."""
    index = folder / "index.json"
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise DataError(f"{index}: cannot be read ({error}); network.pack writes it") from error
    pieces: dict[int, np.ndarray] = {}
    pictures, coded = [], {}
    for number, entry in enumerate(entries):
        piece = folder / f"piece-{entry['piece']}.bin"
        if entry["piece"] not in pieces:
            if not piece.is_file():
                raise DataError(f"{piece}: missing; bring all pieces of {folder}")
            pieces[entry["piece"]] = np.fromfile(piece, np.uint8)
        image = pieces[entry["piece"]][entry["at"] : entry["at"] + entry["bytes"]]
        if len(image) != entry["bytes"]:
            raise DataError(f"{piece}: ends within {entry['name']}; bring it again")
        path = folder / str(number) / entry["name"]
        boxes = tuple(Box(*box) for box in entry["boxes"])
        pictures.append(Picture(path, entry["set"], boxes, frozenset(entry["complete"]), entry["group"], entry["part"]))
        coded[str(path)] = image
    return pictures, Packed(coded)


class Packed(Store):
    """A store of packed pictures."""

    def __init__(self, coded: dict[str, np.ndarray]) -> None:
        super().__init__(SIDE, budget=1 << 40)
        self.coded = coded

    def _decoded(self, name: str) -> np.ndarray | None:
        return cv2.imdecode(self.coded[name], cv2.IMREAD_COLOR)


def _write_piece(folder: Path, number: int, data: bytearray) -> None:
    with written(folder / f"piece-{number}.bin") as unfinished:
        unfinished.write_bytes(data)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    from network.pictures import gather

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="folder of published weights")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--piece", type=int, default=PIECE, help="bytes of a piece, at most")
    options = parser.parse_args(arguments)
    print(write(gather(options.dataset, options.work, options.weights), options.to, options.piece))


if __name__ == "__main__":
    main()
