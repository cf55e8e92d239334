import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, log_loss

from core.analysis import metrics
from core.data.cifar10 import CLASSES


@pytest.fixture
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Logits (500, 10) of which some half are right, and labels in which class 9 never occurs."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 9, 500).astype(np.uint8)
    return (random.normal(size=(500, 10)) + 2 * np.eye(10)[labels]).astype(np.float32), labels


def sure(confidence: float, answer: int = 0) -> np.ndarray:
    """Logits whose softmax is `confidence` at `answer`, and the rest in equal parts elsewhere."""
    p = np.full(10, (1 - confidence) / 9)
    p[answer] = confidence
    return np.log(p)


def test_accuracy_and_its_wilson_interval():
    logits, labels = np.tile(sure(0.9), (100, 1)), np.repeat([0, 1], [80, 20])
    share = metrics.accuracy(logits, labels)
    assert (share.value, share.n) == (0.8, 100)
    assert (share.low, share.high) == pytest.approx((0.7111708344, 0.8666330667), abs=1e-9)  # by Wilson's formula


def test_accuracy_of_ten_of_ten_ends_at_one():
    share = metrics.accuracy(np.tile(sure(0.9), (10, 1)), np.zeros(10, dtype=np.uint8))
    assert (share.low, share.high) == pytest.approx((10 / (10 + 1.959963985**2), 1))


def test_against_sklearn(answers):
    logits, labels = answers
    p = metrics.probabilities(logits)
    assert p.sum(axis=1) == pytest.approx(np.ones(500))
    assert metrics.accuracy(logits, labels).value == accuracy_score(labels, logits.argmax(axis=1))
    assert metrics.loss(logits, labels) == pytest.approx(log_loss(labels, p, labels=range(10)))


def test_huge_logits_do_not_overflow():
    logits = np.array([[1e4] + [0.0] * 9], dtype=np.float32)
    assert metrics.probabilities(logits)[0, 0] == 1
    assert metrics.loss(logits, np.array([0])) == 0
    assert metrics.loss(logits, np.array([1])) == pytest.approx(1e4)


def test_loss_of_a_guess_is_log_10():
    assert metrics.loss(np.zeros((4, 10)), np.arange(4)) == pytest.approx(np.log(10))


def test_confusion_has_true_classes_in_rows(answers):
    logits, labels = answers
    table = metrics.confusion(logits, labels)
    assert table.to_numpy().sum() == len(labels)
    assert list(table.index) == list(table.columns) == list(CLASSES)
    assert (table.index.name, table.columns.name) == ("true", "answer")
    assert (table.to_numpy() == confusion_matrix(labels, logits.argmax(axis=1), labels=range(10))).all()
    one = metrics.confusion(sure(0.9, answer=5)[None], np.array([3]))  # a cat taken for a dog
    assert one.loc["cat", "dog"] == one.to_numpy().sum() == 1


def test_the_most_common_mistakes_come_first_and_right_answers_are_none():
    table = metrics.confusion(np.eye(10)[[3, 5, 5, 5, 3, 0]], np.array([3, 3, 3, 5, 5, 2]))
    assert metrics.most_common_mistakes(table, 2) == [("cat", "dog", 2), ("bird", "airplane", 1)]
    assert metrics.most_common_mistake(table) == ("cat", "dog", 2)
    assert metrics.largest_mistake(table) == ("cat", "dog", 2)
    assert metrics.largest_mistake(-table) == ("cat", "dog", -2)
    assert [metrics.count(table, *cell) for cell in (("cat", "dog"), ("dog", "cat"), ("ship", "cat"))] == [2, 1, 0]


def test_the_class_that_changes_most_may_fall():
    before = pd.Series([0.5, 0.5, 0.5], index=["cat", "deer", "dog"])
    found = metrics.class_change(before, before.add([0.01, -0.2, 0.1]))
    assert found == metrics.ClassChange("deer", pytest.approx(-20), rising=2, classes=3)


def test_per_class_against_sklearn(answers):
    logits, labels = answers
    table = metrics.per_class(logits, labels)
    report = classification_report(
        labels, logits.argmax(axis=1), labels=range(10), target_names=CLASSES, output_dict=True, zero_division=0.0
    )
    for name in CLASSES:
        expected = [report[name][key] for key in ("precision", "recall", "f1-score", "support")]
        assert table.loc[name, ["precision", "recall", "f1", "images"]].tolist() == pytest.approx(expected)
    assert table.loc["truck", "recall"] == table.loc["truck", "images"] == 0  # never occurs: 0, not NaN


@pytest.mark.parametrize(("right", "n"), [(0, 10), (3, 10), (7_239, 10_000), (10_000, 10_000)])
def test_the_interval_is_scipys(right, n):
    logits = np.eye(10)[np.repeat([0, 1], [right, n - right])]
    share = metrics.accuracy(logits, np.zeros(n, dtype=np.uint8))
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (0, 1), (5, 5), (3, 9), (900, 1_000), (1_436, 900)])
def test_mcnemar_is_scipys_binomial_test(only_a, only_b):
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1
    assert metrics.mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-9)


def test_who_of_a_class_got_which_answer():
    answers, labels = np.array([5, 5, 3, 5]), np.array([3, 5, 3, 3])
    assert metrics.answered(answers, labels, "cat", "dog").tolist() == [True, False, False, True]
