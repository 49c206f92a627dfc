"""The mutations as they are listed beside this file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class ContractMutation:
    """A line that somebody adds to a module, and the contract that must refuse it."""

    contract: str
    file: str
    add: str

    @property
    def name(self) -> str:
        return f"{self.contract}: {self.file.removeprefix('medview/').removesuffix('.py')}: {self.add}"


@dataclass(frozen=True)
class SafetyMutation:
    """A wrong line in place of a right one, and the tests of which one at least must fail."""

    name: str
    why: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]


def contract_mutations() -> tuple[ContractMutation, ...]:
    with (HERE / "contracts.toml").open("rb") as stream:
        listed = tomllib.load(stream)
    return tuple(
        ContractMutation(contract, file, add)
        for contract, entries in listed.items()
        for file, lines in entries.items()
        for add in lines
    )


def safety_mutations() -> tuple[SafetyMutation, ...]:
    with (HERE / "safety.toml").open("rb") as stream:
        listed = tomllib.load(stream)
    return tuple(
        SafetyMutation(name, said["why"], said["file"], said["find"], said["replace"], tuple(said["tests"]))
        for name, said in listed.items()
    )
