"""The list of mutations is whole: every contract has one, every entry still fits the code and names tests that exist."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.mutations.listed import ROOT, ContractMutation, SafetyMutation, contract_mutations, safety_mutations


def test_every_contract_is_broken_once() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        contracts = tomllib.load(stream)["tool"]["importlinter"]["contracts"]
    assert {mutation.contract for mutation in contract_mutations()} == {contract["id"] for contract in contracts}


@pytest.mark.parametrize("mutation", contract_mutations(), ids=lambda mutation: mutation.name)
def test_contract_mutation_fits(mutation: ContractMutation) -> None:
    assert (ROOT / mutation.file).is_file()


@pytest.mark.parametrize("mutation", safety_mutations(), ids=lambda mutation: mutation.name)
def test_safety_mutation_fits(mutation: SafetyMutation) -> None:
    source = (ROOT / mutation.file).read_text(encoding="utf-8")
    assert source.count(mutation.find) == 1, (
        f"what {mutation.name} looks for stands {source.count(mutation.find)} times"
    )
    assert mutation.replace != mutation.find
    assert mutation.why
    assert mutation.tests
    for test in mutation.tests:
        file, *parts = re.sub(r"\[.*", "", test).split("::")
        assert (ROOT / file).is_file(), f"{file} is gone"
        text = (ROOT / file).read_text(encoding="utf-8")
        for part in parts:
            assert re.search(rf"^\s*(def|class) {re.escape(part)}\b", text, re.MULTILINE), f"{test} is gone"
