"""How the axes of a search are spelled, for every field of `RunConfig`."""

from __future__ import annotations

import pytest

from aecore import MODELS, AecoreError, RunConfig, axes, make_config
from aecore.axes import Axis, parse, parse_all, spell, suggestion

SQUARED = make_config("ae", loss="mse")  # its output may be linear, too


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("latent_dim=2..64", Axis("latent_dim", low=2, high=64)),
        ("latent_dim=2..64:log", Axis("latent_dim", low=2, high=64, log=True)),
        ("batch_size=256,512", Axis("batch_size", (256, 512))),
        ("lr=0.005..0.1:log", Axis("lr", low=0.005, high=0.1, log=True)),
        ("lr=1e-3..0.1", Axis("lr", low=0.001, high=0.1)),
        ("weight_decay=0,0.01", Axis("weight_decay", (0.0, 0.01))),
        ("mirror=true,false", Axis("mirror", (True, False))),
        ("optimiser=adam,muon", Axis("optimiser", ("adam", "muon"))),
        ("hidden=256-128,512", Axis("hidden", ("256-128", "512"))),
    ],
)
def test_an_axis_is_spelled_by_its_fields_type(text, axis):
    found = parse(text, SQUARED)
    assert found == axis
    assert parse(found.text, SQUARED) == axis
    assert all(type(kept) is type(asked) for kept, asked in zip(found.choices, axis.choices, strict=True))


@pytest.mark.parametrize("family", MODELS)
def test_every_field_of_every_family_has_a_suggestion_that_can_be_searched(family):
    base = make_config(family)
    if "loss" not in MODELS[family].unused:
        base = make_config(family, loss="mse")
    for field in axes.fields(family):
        axis = parse(f"{field}={suggestion(field, base)}", base)
        for value in axis.choices or (axis.low, axis.high):
            assert isinstance(RunConfig.from_dict({**base.to_dict(), field: axis.value(value)}), RunConfig)


def test_widths_are_kept_as_text_and_taken_as_numbers():
    axis = parse("hidden=256-128,512", SQUARED)
    assert [axis.value(kept) for kept in axis.choices] == [(256, 128), (512,)]


def test_axes_stand_in_the_order_of_the_fields():
    assert [axis.field for axis in parse_all(["epochs=1..3", "lr=0.1,0.2"], SQUARED)] == ["lr", "epochs"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr", "FIELD=LOW..HIGH"),
        ("lr=", "FIELD=A,B,C"),
        ("lr=low..high", "'low' is no value of 'lr'"),
        ("lr=nan..1", "'nan' is no value"),
        ("lr=0.5..0.1", "must rise"),
        ("lr=0..0.1:log", "above 0"),
        ("lr=0..0.1", "'lr' must be a finite number above 0"),
        ("lr=0.1", "two values or more"),
        ("lr=0.1,0.10", "each once"),
        ("latent_dim=0..8", "of 1 to 512"),
        ("latent_dim=1.5..8", "'1.5' is no value"),
        ("batch_size=16,big", "'big' is no value"),
        ("mirror=1,0", "write true,false"),
        ("mirror=0..1", "has no range"),
        ("optimiser=adam,sgd", "adam, adamw, muon"),
        ("hidden=wide,512", "no widths"),
        ("hidden=1..8", "list its values"),
        ("output=sigmoid,linear", "set 'loss' to mse"),
        ("beta=1..4", "choose of latent_dim, hidden"),
        ("speed=1..2", "choose of latent_dim, hidden"),
        ("dataset=mnist,fashion_mnist", "one dataset"),
        ("family=ae,vae", "one family"),
    ],
)
def test_what_cannot_be_searched_is_one_sentence(text, said):
    with pytest.raises(AecoreError, match=said) as caught:
        parse(text, make_config("ae"))
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")


def test_a_search_needs_axes_and_each_once():
    with pytest.raises(AecoreError, match="nothing to search"):
        parse_all([], SQUARED)
    with pytest.raises(AecoreError, match="'lr' is searched over twice"):
        parse_all(["lr=0.1,0.2", "lr=0.1..0.2"], SQUARED)


def test_values_are_read_by_people():
    assert [spell(value) for value in (True, 3, 0.1, 1e-05, "adam")] == ["true", "3", "0.1", "1e-05", "adam"]
    assert axes.brief(0.0259476108) == "0.02595"
