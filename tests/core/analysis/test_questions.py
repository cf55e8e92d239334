"""Which questions the runs answer: fair pairs, found by their configs."""

from dataclasses import replace

from core.analysis.questions import fair_pairs, questions
from core.runs.library import list_runs
from core.words.questions import labels, title


def asked(runs) -> list[tuple[str, str, str]]:
    return [(question.setting, question.a.name, question.b.name) for question in questions(runs)]


def test_a_pair_that_differs_in_one_setting_is_a_question(make_run):
    plain, residual = make_run("plain", skip=False), make_run("residual", skip=True)
    assert asked([residual, plain]) == [("skip", "plain", "residual")]  # the one without is A, in whatever order
    assert asked([plain]) == []


def test_what_differs_in_two_things_is_none(make_run):
    assert asked([make_run("plain", skip=False), make_run("residual", skip=True, lr=0.1)]) == []


def test_another_seed_depth_or_share_of_the_photos_asks_nothing(make_run):
    runs = [
        make_run("first"),
        make_run("seed", seed=1),
        make_run("deep", depth=14),
        make_run("few", train_fraction=0.5),
    ]
    assert asked(runs) == []


def test_of_several_seeds_the_first_is_asked_about(make_run):
    runs = [make_run(f"{skip}-{seed}", skip=skip, seed=seed) for seed in (1, 0) for skip in (True, False)]
    assert asked(runs) == [("skip", "False-0", "True-0")]
    assert {pair.names for pair in fair_pairs("skip", runs)} == {frozenset((f"False-{s}", f"True-{s}")) for s in (0, 1)}


def test_a_training_that_was_repeated_hides_no_question(make_run):
    first = [make_run("plain", skip=False), make_run("residual", skip=True)]
    again = [make_run("plain-again", skip=False), make_run("plain-kept", skip=False, epochs=2, keep_weights=2)]
    other = [in_bfloat16(make_run(f"{skip}-bfloat16", skip=skip)) for skip in (False, True)]
    for runs in ([*first, *again], [*first, other[0]], [*first, other[1]], [*first, *again, *other]):
        assert ("skip", "plain", "residual") in asked(runs)
    assert {pair.names for pair in fair_pairs("skip", [*first, *other])} == {
        frozenset(("plain", "residual")),
        frozenset(("False-bfloat16", "True-bfloat16")),
    }


def test_a_network_that_was_trained_elsewhere_hides_none_either(make_run):
    first = [make_run("plain", skip=False), make_run("residual", skip=True)]
    known = {"file": "a.pt", "sha256": "", "found": "", "normalization": ""}
    brought = make_run("brought", skip=True)
    brought = replace(brought, facts=brought.facts | {"imported": known, "environment": {}})
    assert asked([brought, *first]) == [("skip", "plain", "residual")]


def in_bfloat16(run):
    return replace(run, facts=run.facts | {"environment": run.environment | {"precision": "bfloat16"}})


def test_the_headline_stays_a_question_beside_repeated_trainings():
    shipped = list_runs()[0]
    repeated = [replace(run, path=run.path.with_name(f"{run.name}-again")) for run in shipped]
    assert asked([*shipped, *repeated]) == asked(shipped)


def test_any_other_setting_asks_its_own_question(make_run):
    runs = [make_run("fast", lr=0.1), make_run("slow", lr=0.01), make_run("middle", lr=0.05)]
    assert asked(runs) == [("lr", "slow", "middle"), ("lr", "middle", "fast")]


def test_the_shipped_runs_answer_both_questions_of_the_lab():
    shipped = questions(list_runs()[0])
    assert {question.setting for question in shipped[:9]} == {"skip", "init"}
    by_depth = [question.a.config.depth for question in shipped if question.setting == "skip"]
    assert by_depth == sorted(by_depth)


def test_of_two_recipes_at_one_depth_the_one_of_the_other_depths_comes_first():
    names = [question.a.name for question in questions(list_runs()[0]) if question.a.config.depth == 56]
    assert names.index("plain56-s0") < names.index("plain56-lr0.1")


def test_each_question_has_a_name_of_its_own(snapshot):
    shipped = questions(list_runs()[0])
    named = labels(shipped)
    assert list(named.values()) == shipped
    assert "\n".join(named) == snapshot


def test_a_pair_of_ones_own_is_named_by_its_epochs_where_much_differs_from_the_first(make_run):
    own = [make_run("mine", skip=False), make_run("yours", skip=True)]
    (label,) = [label for label, question in labels(questions([*list_runs()[0]])).items() if question.a.name == "mine"]
    assert label == "8 layers, 1 epoch: with or without shortcuts"
    assert {run.name for run in own} <= {run.name for run in list_runs()[0]}


def test_the_title_is_the_question():
    first = next(question for question in questions(list_runs()[0]) if question.setting == "skip")
    assert title(first) == "Do shortcuts help a deep network?"
    assert title(None) == "Which network does better?"
