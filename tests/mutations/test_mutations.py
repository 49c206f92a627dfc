"""Each listed mutation is made in a copy of the program, and is caught."""

from __future__ import annotations

import re

import pytest

from tests.mutations.conftest import Beside
from tests.mutations.judge import CONTROL, KEPT, broken_in, contract_name, safety_name
from tests.mutations.listed import ROOT, contract_mutations, safety_mutations

pytestmark = pytest.mark.timeout(4000)  # a verdict that does not come is found out by Beside

CONTRACTS, SAFETY = contract_mutations(), safety_mutations()


@pytest.fixture(scope="module")
def kept_contracts(mutations: Beside) -> set[str]:
    """Names of the contracts that the copy itself keeps; breaking another one would show nothing."""
    return set(re.findall(r"^(.+) KEPT\b", mutations.linted(KEPT), re.MULTILINE))


@pytest.mark.parametrize("number", range(len(CONTRACTS)), ids=[mutation.name for mutation in CONTRACTS])
def test_broken_contract_is_caught(mutations: Beside, kept_contracts: set[str], number: int) -> None:
    broken = re.findall(r"^(.+) BROKEN\b", mutations.linted(contract_name(number)), re.MULTILINE)
    assert len(broken) == 1
    assert broken[0] in kept_contracts, f"the program itself breaks it: {broken[0]}"


@pytest.fixture(scope="module")
def broken_tests(mutations: Beside) -> tuple[str, ...]:
    """Tests that fail in the copy before anything is spoilt: their failing afterwards would show nothing."""
    done = mutations.verdict(CONTROL)
    assert done.status in {0, 1}, done.output
    return broken_in(done)


@pytest.mark.parametrize("number", range(len(SAFETY)), ids=[mutation.name for mutation in SAFETY])
def test_unsafe_change_is_caught(mutations: Beside, broken_tests: tuple[str, ...], number: int) -> None:
    mutation = SAFETY[number]
    broken = [test for test in broken_tests if test.startswith(mutation.tests)]
    assert broken == [], "these fail without the mutation"
    assert (ROOT / mutation.file).read_text(encoding="utf-8").count(mutation.find) == 1
    done = mutations.verdict(safety_name(number))
    closing = done.output.strip().splitlines()[-1] if done.output.strip() else ""
    if done.status == 0 and " passed" not in closing and "skipped" in closing:
        pytest.skip(f"the tests that notice {mutation.name} were skipped: {', '.join(mutation.tests)}")
    # 1: tests failed. Anything else, as 2 for a module that no longer imports, shows nothing.
    assert done.status == 1, f"not caught: {mutation.why}\n{done.output}"
    assert re.search(r"\d+ failed", closing), f"a test broke, none failed:\n{done.output}"
