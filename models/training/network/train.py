"""Trains one candidate: ``python -m network.train lift-lite0-416 --pictures 20000``.

AdamW (arXiv:1711.05101) with warm-up and cosine, stage after stage, an exponential moving average of the weights, and
at the end an average with the weights before (arXiv:2109.01903) where the recipe asks for it, its share chosen on
the ``choose`` part. The budget is counted in pictures, so that a busy machine changes the time and not the result.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from data.files import written
from data.picture import CLASSES, DataError, Picture
from network import choose, curve, loss, pack, pictures as gathered, shipped
from network.batches import Batch, Maker, Sampler, Store, Worst, ahead, is_surely_negative
from network.candidates import RECIPES, Recipe, Stage
from network.depthwise import quicken
from network.heads import head_of
from network.memory import keep_memory
from network.nano import WeightsError
from network.state import Checkpoint, CheckpointError, Smoothed

WARM_UP = 60
"""Batches over which the rate of a stage rises."""
FLOOR = 0.05
"""Share of the peak rate that the cosine ends at."""
DECAY = 0.01
LARGEST_GRADIENT = 10.0
RENEWED_EVERY = 40
"""Batches after which the pool of worst negatives is made anew."""
POOL = 320
TERMS = ("loss", "overlap", "objectness", "classes", "picture")
"""Of the loss, as they are told."""


@dataclass(frozen=True)
class Budget:
    """How much is trained: ``pictures`` in all; a checkpoint every ``saved`` batches, a look at the ``choose`` part
    (at most ``chosen`` pictures) every ``judged`` batches, a progress line every ``told``. ``processes`` make batches. ``half``: the network reckons in bfloat16,
    and the loss and the weights stay as they are; faster where the processor has units for it."""

    pictures: int
    seed: int = 1
    saved: int = 100
    judged: int = 250
    chosen: int = 400
    told: int = 20
    processes: int = 1
    half: bool = False


class Training:
    """A candidate being trained; ``folder`` takes the checkpoint, the curve and the final weights."""

    def __init__(
        self, recipe: Recipe, pictures: Sequence[Picture], weights: Path, folder: Path, budget: Budget,
        store: Store | None = None,
    ) -> None:
        self.recipe, self.budget, self.folder = recipe, budget, folder
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.pictures = [picture for picture in pictures if picture.part == "train"]
        self.chosen = choose.spread(pictures, budget.chosen)
        self.store = store or Store(round(1.25 * max(max(shape) for shape in recipe.shapes)))
        if budget.processes > 1:
            self.store.fill([*self.pictures, *self.chosen], budget.processes)
        self.seed = budget.seed + recipe.seed
        self.sampler = Sampler(self.pictures, recipe.shares, recipe.batch, self.seed)
        self.worst = Worst(POOL)
        torch.manual_seed(self.seed)
        self.network = begun(recipe, folder.parent, weights).train().to(self.device, memory_format=torch.channels_last)
        self.weights = weights
        self.head = head_of(self.network, weights)
        self.labelled = labelled(self.pictures)
        self.begins = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.smoothed = Smoothed(self.network, recipe.smoothing)
        self.step, self.rows = 0, []
        self.steps = max(1, budget.pictures // recipe.batch)
        self.plan = self._plan()
        self.ends = self._stage_ends()
        self.stage = -1
        self.optimiser: torch.optim.AdamW
        self.asked_to_stop = False

    def _plan(self) -> str:
        said = f"{self.recipe.name} {self.recipe.shapes} {self.recipe.stages} {self.recipe.shares} {self.recipe.weights} "
        said += f"{self.recipe.batch} {self.budget.pictures} {self.seed} {self.budget.half} {gathered.fingerprint(self.pictures)} "
        said += f"{self.recipe.smoothing} {digest(self.begins)}"
        # Said only where there are some: checkpoints of other recipes stay those of their plan.
        said += f" {sorted(self.recipe.rolled)}" if self.recipe.rolled else ""
        return hashlib.sha256(said.encode()).hexdigest()

    def _stage_ends(self) -> list[int]:
        whole, ends, done = sum(stage.share for stage in self.recipe.stages), [], 0.0
        for stage in self.recipe.stages:
            done += stage.share / whole
            ends.append(round(self.steps * done))
        return ends

    @property
    def checkpoint(self) -> Path:
        """Where the training can go on from."""
        return self.folder / "checkpoint.pt"

    def resume(self) -> None:
        """Goes on from the checkpoint if there is one. One of another plan is set aside, and the training begins anew."""
        if not self.checkpoint.is_file():
            return
        found = Checkpoint.load(self.checkpoint)
        if found.plan != self.plan:
            aside = self.checkpoint.with_name("checkpoint.before.pt")
            self.checkpoint.replace(aside)
            print(f"{self.recipe.name}: begins anew; {aside} is of other pictures, recipe, beginning, budget or seed", flush=True)
            return
        self.step, self.rows = found.step, found.rows
        self.network.load_state_dict(found.network)
        self.smoothed.state = {name: tensor.to(self.device) for name, tensor in found.smoothed.items()}
        self.worst.restore(found.worst)
        self._enter_stage()
        if self.step > self._stage_begin():
            self.optimiser.load_state_dict(found.optimiser)

    def save(self) -> None:
        """Writes checkpoint and curve."""
        Checkpoint(
            self.plan, self.step, self.network.state_dict(), self.smoothed.state, self.optimiser.state_dict(),
            self.worst.state(), self.rows,
        ).save(self.checkpoint)
        curve.save(self.rows, self.folder / "curve.csv")

    def run(self) -> None:
        """Trains to the end of the budget, or until asked to stop; saves in both cases."""
        begin, begun_at = time.monotonic(), self.step
        sums: dict[str, list[float]] = {}
        maker = Maker(self.pictures, self.store, self.recipe.shapes, self.seed, self.recipe.rolled)
        coming = ahead(maker, range(self.step, self.steps), self._draw, self.budget.processes, RENEWED_EVERY)
        while self.step < self.steps and not self.asked_to_stop:
            self._enter_stage()
            for name, value in self._learn(next(coming)).items():
                sums.setdefault(name, []).append(value)
            self.step += 1
            if self.step % RENEWED_EVERY == 0:
                self.worst.renew()
            if self.step % self.budget.told == 0 or self.step == self.steps:
                self._tell(sums, begin, begun_at)
                sums = {}
            if self.step % self.budget.judged == 0 or self.step == self.steps:
                self.judge()
            if self.step % self.budget.saved == 0 or self.step == self.steps:
                self.save()
        if self.step > begun_at:
            self.save()

    def _draw(self, step: int) -> list[int]:
        """The pictures of the batch at ``step``, of this round or the next."""
        is_next = step // RENEWED_EVERY > self.step // RENEWED_EVERY
        return self.sampler.draw(step, self.worst.coming if is_next else self.worst.pool)

    def _stage_begin(self) -> int:
        return self.ends[self.stage - 1] if self.stage > 0 else 0

    def _enter_stage(self) -> None:
        stage = next((number for number, end in enumerate(self.ends) if self.step < end), len(self.ends) - 1)
        if stage == self.stage:
            return
        self.stage = stage
        freeze(self.network, self.recipe.stages[stage])
        quicken(self.network)
        decayed = [p for p in self.network.parameters() if p.requires_grad and p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.requires_grad and p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.0 if self.recipe.near > 0 else DECAY}, {"params": plain, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=self.recipe.stages[stage].rate, fused=self.device.type == "cuda")

    def rate(self) -> float:
        """The learning rate of the coming batch."""
        begin, end = self._stage_begin(), self.ends[self.stage]
        done = (self.step - begin) / max(1, end - begin)
        warm = min(1.0, (self.step - begin + 1) / min(WARM_UP, max(1, (end - begin) // 4)))
        wave = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * done))
        return self.recipe.stages[self.stage].rate * wave * warm

    def _learn(self, batch: Batch) -> dict[str, float]:
        """One step of the optimiser; returns the terms of the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.network.train()
        images = self.head.prepared(batch.images.to(self.device).float()).contiguous(memory_format=torch.channels_last)
        targets = batch.targets.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.budget.half):
            output = self.network(images)
        terms = self.head.losses(output, images, targets, self.labelled[batch.numbers].to(self.device), self.recipe.weights)
        self.optimiser.zero_grad(set_to_none=True)
        terms.total.backward()
        nn.utils.clip_grad_norm_([p for p in self.network.parameters() if p.requires_grad], LARGEST_GRADIENT)
        self.optimiser.step()
        self._stay_near()
        self.smoothed.update(self.network, self.step)
        negative = [is_surely_negative(self.pictures[number]) for number in batch.numbers]
        means = torch.stack([terms.total.detach(), terms.overlap, terms.objectness, terms.classes, terms.picture])
        # One answer of the device a step: every question waits for all that it was given to do.
        *values, scores = [*torch.split(torch.cat([means, terms.scores]).cpu(), [1] * len(TERMS) + [len(batch.numbers)])]
        self.worst.note(batch.numbers, scores.tolist(), negative)
        return dict(zip(TERMS, (value.item() for value in values)))

    @torch.no_grad()
    def _stay_near(self) -> None:
        """Draws what is trained a little towards what it began with (L2-SP, arXiv:1802.01483), as weights are elsewhere drawn to nothing."""
        if self.recipe.near > 0:
            pull = self.recipe.near * self.rate()
            for name, parameter in self.network.named_parameters():
                if parameter.requires_grad:
                    parameter.lerp_(self.begins[name], pull)

    def _tell(self, sums: dict[str, list[float]], begin: float, begun_at: int) -> None:
        done = self.step - begun_at
        speed = done * self.recipe.batch / max(1e-9, time.monotonic() - begin)
        left = (self.steps - self.step) * self.recipe.batch / max(speed, 1e-9)
        means = {name: sum(values) / len(values) for name, values in sums.items()}
        seen = self.step * self.recipe.batch
        self.rows.append({"pictures": seen, "rate": self.rate(), **means})
        said = " ".join(f"{name} {value:.3f}" for name, value in means.items())
        print(
            f"{self.recipe.name}: {seen:,} of {self.steps * self.recipe.batch:,} pictures, {said}, "
            f"{speed:.1f} pictures/s, {left / 60:.0f} min left",
            flush=True,
        )

    def judge(self) -> choose.Result:
        """Looks at the ``choose`` part with the smoothed weights and notes the result in the curve."""
        result = self._judged(self.smoothed.state)
        row = {f"choose.AP50 {name}": value for name, value in result.precision.items()}
        row |= {"choose.recall at 1 %": result.recall[0], "choose.recall at 5 %": result.recall[1]}
        self.rows.append({"pictures": self.step * self.recipe.batch, **row, "choose.mean recall": result.curve})
        print(f"{self.recipe.name}: chosen by {self._score(result):.3f}; {result}", flush=True)
        return result

    def _judged(self, state: dict[str, Tensor]) -> choose.Result:
        kept = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.load_state_dict(state)
        result = choose.evaluate(self.network, self.chosen, self.store, self.recipe.shapes)
        self.network.load_state_dict(kept)
        return result

    def _score(self, result: choose.Result) -> float:
        return result.classes if self.recipe.chooses == "classes" else result.curve

    def _averaged_with(self) -> dict[str, Tensor]:
        """What the end is averaged with: the beginning, or the end of another training, which may go on meanwhile."""
        name = self.recipe.averaged_with
        if name is None:
            return self.begins
        return trained(name, self.folder.parent / name, self.weights).to(self.device).state_dict()

    def finish(self) -> Path:
        """Averages with the weights before by the best share, writes ``final.pt`` and the drawn curve."""
        before = self._averaged_with()
        best, best_score, best_share = self.smoothed.state, -1.0, 1.0
        for share in self.recipe.average:
            state = averaged(before, self.smoothed.state, share)
            score = self._score(self._judged(state)) if len(self.recipe.average) > 1 else 0.0
            if len(self.recipe.average) > 1:
                print(f"{self.recipe.name}: trained weights x {share}: {score:.3f}", flush=True)
            if score > best_score:
                best, best_score, best_share = state, score, share
        path = self.folder / "final.pt"
        with written(path) as unfinished:
            torch.save({"candidate": self.recipe.name, "share": best_share, "network": best}, unfinished)
        curve.save(self.rows, self.folder / "curve.csv")
        curve.draw(self.rows, self.folder / "curve.png", self.recipe.name)
        return path


def labelled(pictures: Sequence[Picture]) -> Tensor:
    """bool [pictures, classes]: the classes of which a picture's own labels, not a detector's, know every thing."""
    return torch.tensor([[kind in picture.complete - picture.added for kind in range(len(CLASSES))] for picture in pictures])


def digest(state: dict[str, Tensor]) -> str:
    """A short hash of weights."""
    found = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        found.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


def averaged(before: dict[str, Tensor], trained: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """``share`` of the trained weights and the rest of those before."""
    return {
        name: before[name].lerp(tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in trained.items()
    }


def freeze(network: nn.Module, stage: Stage) -> None:
    """Sets which weights the stage trains."""
    for name, module in network.named_modules():
        held = any(name == prefix or name.startswith(prefix + ".") for prefix in stage.frozen)
        is_large = (
            isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1 and module.kernel_size[0] >= 5
        )
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad_(not held and (stage.large_depthwise or not is_large))


def begun(recipe: Recipe, models: Path, weights: Path) -> nn.Module:
    """The network that a candidate's training begins with; ``models`` holds the folders of the candidates."""
    if recipe.begins is None:
        return recipe.build(weights)
    if recipe.begins.endswith(".onnx"):
        network = recipe.build(weights)
        shipped.fill(network, shipped.MODELS / recipe.begins)
        return network
    return trained(recipe.begins, models / recipe.begins, weights)


def trained(candidate: str, folder: Path, weights: Path) -> nn.Module:
    """The network of ``final.pt`` in ``folder``."""
    network = RECIPES[candidate].build(weights)
    network.load_state_dict(torch.load(folder / "final.pt", map_location="cpu", weights_only=True)["network"])
    return network.eval()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; an interrupt saves and ends with 130."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("candidate", choices=sorted(RECIPES))
    parser.add_argument("--dataset", type=Path, default=Path(os.environ.get("FIREWARDEN_DATASET", "../shared/dataset")))
    parser.add_argument("--weights", type=Path, default=None, help="folder of published weights; default DATASET/../models")
    parser.add_argument("--work", type=Path, default=Path("target/training"))
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are cores")
    parser.add_argument("--batch", type=int, default=0, help="pictures a step; rates rise with its root; 0: the recipe's")
    parser.add_argument("--half", action="store_true", help="reckon in bfloat16")
    parser.add_argument("--processes", type=int, default=0, help="that make batches; 0: one, or with a GPU all cores but one")
    parser.add_argument("--packed", type=Path, default=None, help="take pictures and labels from what network.pack wrote")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint if there is one")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    weights = options.weights or options.dataset.parent / "models"
    keep_memory()
    try:
        return _train(options, weights)
    except (DataError, WeightsError, CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _train(options: argparse.Namespace, weights: Path) -> int:
    if options.packed is None:
        pictures, store = gathered.gather(options.dataset, options.work, weights), None
    else:
        pictures, store = pack.read(options.packed)
    recipe = RECIPES[options.candidate]
    if options.batch:
        recipe = recipe.with_batch(options.batch)
    folder = options.work / "models" / options.candidate
    training = Training(recipe, pictures, weights, folder, budget(options, recipe), store)
    if options.resume:
        training.resume()

    def stop(*_: object) -> None:
        training.asked_to_stop = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    training.run()
    if training.asked_to_stop:
        print(f"{options.candidate}: stopped; --resume goes on from {training.checkpoint}", flush=True)
        return 130
    print(f"{options.candidate}: done, {training.finish()}", flush=True)
    return 0


def budget(options: argparse.Namespace, recipe: Recipe) -> Budget:
    """What is asked for; a GPU is fed by all cores, and stops less often to look at pictures one by one."""
    if not torch.cuda.is_available():
        return Budget(options.pictures, options.seed, processes=options.processes or 1, half=options.half)
    seldom = max(100, options.pictures // recipe.batch // 8)
    processes = options.processes or max(1, len(os.sched_getaffinity(0)) - 1)
    return Budget(options.pictures, options.seed, saved=seldom, judged=seldom, chosen=1000, told=100, processes=processes, half=options.half)


if __name__ == "__main__":
    raise SystemExit(main())
