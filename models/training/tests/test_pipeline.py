"""Stages of the pipeline: what is measured on does not move, and what is there is not made again."""

import sys
import tempfile
import unittest
from argparse import Namespace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from network.candidates import RECIPES  # noqa: E402
from pipeline import BUDGETS, NAMES, stages  # noqa: E402
from stages import Runner, Stage, StageError, listing, python  # noqa: E402


def options(work: Path, seed: int = 1) -> Namespace:
    return Namespace(dataset=Path("sets"), work=work, weights=Path("weights"), blender="blender", seed=seed, measure=[], publish=True,
                     nano=["nano-long"], lift=["lift-both-long", "lift-both-long-on"])


def of(seed: int, budget: str) -> dict[str, list[list[str]]]:
    return {stage.name: [list(command) for command in stage.commands] for stage in stages(options(Path("work"), seed), BUDGETS[budget])}


class WhatIsMeasuredOn(unittest.TestCase):
    def test_it_is_the_same_whatever_the_seed(self) -> None:
        one, other = of(1, "gpu"), of(7, "gpu")
        for name in ("held", "films"):
            self.assertEqual(one[name], other[name])
        for name in ("renders", "composites"):
            self.assertNotEqual(one[name], other[name])

    def test_the_larger_budgets_measure_the_same(self) -> None:
        full, gpu, quick = of(1, "full"), of(1, "gpu"), of(1, "quick")
        for name in ("held", "films"):
            self.assertEqual(full[name], gpu[name])
            self.assertNotEqual(full[name], quick[name])

    def test_no_picture_held_back_is_made_by_a_training_stage(self) -> None:
        stages_of = of(1, "gpu")
        for name in ("renders", "cut-outs", "composites"):
            said = " ".join(word for command in stages_of[name] for word in command)
            self.assertNotIn("held", said)
            self.assertNotIn("--part measure", said)

    def test_every_stage_can_be_asked_for(self) -> None:
        self.assertEqual(set(of(1, "full")) | {"check"}, set(NAMES))


class Candidates(unittest.TestCase):
    def test_each_has_what_it_goes_on_from_and_a_number_of_pictures(self) -> None:
        for name, budget in BUDGETS.items():
            self.assertTrue(budget.lifts)
            for number, lift in enumerate(budget.lifts):
                recipe = RECIPES[lift]
                self.assertLessEqual({recipe.begins, recipe.averaged_with} - {None}, set(budget.lifts[:number]), f"{name}: {lift}")
            self.assertLessEqual(sum(lift.endswith("-on") for lift in budget.lifts), len(budget.further), name)


class Data(unittest.TestCase):
    def test_a_digit_of_a_label_is_another_data_set(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            label, picture = Path(name) / "a.txt", Path(name) / "a.jpg"
            label.write_text("0 0.5 0.5 0.1 0.1\n")
            picture.write_bytes(b"picture")
            before = listing(Path(name))
            label.write_text("1 0.5 0.5 0.1 0.1\n")
            self.assertNotEqual(listing(Path(name)), before)


class Running(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.work = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)

    def stage(self, name: str, code: str, made: str, after: tuple[str, ...] = ()) -> Stage:
        return Stage(name, [[sys.executable, "-c", code]], [self.work / made], after)

    def append(self, name: str) -> str:
        return f"open({str(self.work / name)!r}, 'a').write('x')"

    def runner(self, *made: Stage, data: str = "sets") -> Runner:
        return Runner(made, self.work, self.work, data)

    def test_a_stage_runs_once_until_its_data_or_what_it_made_changes(self) -> None:
        stage = self.stage("one", self.append("a"), "a")
        self.runner(stage).run([])
        self.runner(stage).run([])
        self.assertEqual((self.work / "a").read_text(), "x")
        self.runner(stage, data="others").run([])
        self.assertEqual((self.work / "a").read_text(), "xx")
        (self.work / "a").unlink()
        self.assertFalse(self.runner(stage, data="others").is_done(stage))

    def test_a_change_before_it_is_carried_through(self) -> None:
        after = self.stage("two", self.append("b"), "b", ("one",))
        self.runner(self.stage("one", self.append("a"), "a"), after).run([])
        self.runner(self.stage("one", self.append("a") + " # changed", "a"), after).run([])
        self.assertEqual((self.work / "b").read_text(), "xx")

    def test_only_what_is_asked_for_runs(self) -> None:
        self.runner(self.stage("one", self.append("a"), "a"), self.stage("two", self.append("b"), "b")).run(["two"])
        self.assertFalse((self.work / "a").exists())
        self.assertTrue((self.work / "b").exists())

    def test_a_stage_that_fails_or_makes_nothing_is_named_and_not_stamped(self) -> None:
        for code, says in (("raise SystemExit(3)", "one: ended with 3"), ("pass", "one: ended without")):
            stage = self.stage("one", code, "a")
            with self.assertRaisesRegex(StageError, says):
                self.runner(stage).run([])
            self.assertFalse(self.runner(stage).is_done(stage))

    def test_a_command_names_its_interpreter_and_module(self) -> None:
        self.assertEqual(python("lifts.film", "--seed", 5, interpreter="p"), ["p", "-m", "lifts.film", "--seed", "5"])


if __name__ == "__main__":
    unittest.main()
