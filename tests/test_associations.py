"""What is bought together, beside a count by hand."""

import itertools
import json
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

from bifurque.engine.associations import Baskets, associations, read_baskets
from bifurque.engine.cli import main
from bifurque.rules.errors import DataError

EXAMPLE = Path(__file__).parents[1] / "examples" / "baskets.csv"


def by_hand(file, support, lift):
    """Every ordered pair, counted basket by basket."""
    baskets = {}
    for line in file.read_text().splitlines()[1:]:
        basket, item = line.split(",")
        baskets.setdefault(basket, set()).add(item)
    count, found = len(baskets), {}
    items = sorted(set().union(*baskets.values()))
    for a, b in itertools.permutations(items, 2):
        both = sum({a, b} <= have for have in baskets.values())
        with_a, with_b = (sum(x in have for have in baskets.values()) for x in (a, b))
        if both / count >= support and both / count / (with_a / count * with_b / count) > lift:
            found[a, b] = (both / count, both / with_a, both * count / (with_a * with_b))
    return found


@pytest.mark.parametrize(("support", "lift"), [(0.01, 1.2), (0.05, 1.0), (0.0025, 0.5), (0.2, 1.2)])
def test_every_pair_as_by_hand(support, lift):
    found = {
        (r.item, r.other): (r.support, r.confidence, r.lift) for r in associations(read_baskets(EXAMPLE), support, lift)
    }
    expected = by_hand(EXAMPLE, support, lift)
    assert found.keys() == expected.keys()
    for pair, figures in expected.items():
        assert found[pair] == pytest.approx(figures)


def test_what_stands_twice_in_a_basket_counts_once(tmp_path):
    file = tmp_path / "baskets.csv"
    file.write_text("basket,item\n" + "1,a\n1,b\n1,a\n2,a\n3,b\n4,c\n")
    read = read_baskets(file)
    assert isinstance(read, Baskets)
    assert read.count == 4
    assert [(r.item, r.other, r.baskets) for r in associations(read, 0.01, 0.0)] == [("a", "b", 1), ("b", "a", 1)]


@pytest.mark.parametrize(("lang", "word"), [("fr", "confiance"), ("en", "confidence")])
def test_told_in_both_languages_with_what_to_write(lang, word):
    said = CliRunner().invoke(main, ["associate", str(EXAMPLE), "--lang", lang])
    assert said.exit_code == 0, said.output
    assert word in said.output
    assert "  gas: {goes_with: [stove" in said.output


def test_rules_as_a_file_and_only_for_the_offers_of_a_plan(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "plan: p\nstart: 2026-01-01\nchannels: {email: {}}\ncategories: [{name: promo, class: promotional}]\n"
        "messages: {m: {channel: email, category: promo}}\n"
        "offers: {gas: {message: m}, stove: {message: m}}\njourneys: {j: {steps: [{offer: [gas, stove]}]}}\n"
    )
    words = ["associate", str(EXAMPLE), str(plan), "-o", str(tmp_path / "rules.parquet"), "--json"]
    said = CliRunner().invoke(main, words)
    assert said.exit_code == 0, said.output
    data = json.loads(said.output)
    assert data["goes_with"] == {"gas": ["stove"]}
    table = parquet.read_table(tmp_path / "rules.parquet").to_pylist()
    assert table == data["rules"]
    assert {(r["item"], r["other"]) for r in table} == set(by_hand(EXAMPLE, 0.01, 1.2))


@pytest.mark.parametrize(
    ("text", "said"),
    [("basket,item\n", "holds no"), ("basket,item\n1,\n", "is empty"), ("basket\n1\n", "item")],
)
def test_what_cannot_be_read_is_told(tmp_path, text, said):
    file = tmp_path / "baskets.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=said):
        read_baskets(file)
