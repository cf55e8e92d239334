"""The plane of a training's path: where it lies, and that its loss is that of the networks in it."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.analysis import metrics
from core.analysis.landscapes import unfinished, walk
from core.commands.studies import landscape as command
from core.data import cifar10
from core.data.batches import to_tensors
from core.data.cifar10 import Images
from core.errors import LabError, RunError
from core.models.inference import infer
from core.models.registry import build, family
from core.runs import kept_weights
from core.runs.run import Run
from core.studies.walk import TrainingPath, main_directions, study


@pytest.fixture
def few(tiny_images) -> Images:
    return Images(tiny_images.pixels[:60], tiny_images.labels[:60])


@pytest.fixture
def walked(make_run):
    """walked(**config changes): a run that kept its weights three times, on a path that bends."""

    def make(**changes) -> Run:
        run = make_run("one", epochs=3, keep_weights=3, **changes)
        end = run.load_model().state_dict()
        for epoch in range(4):
            draw, weights = torch.Generator().manual_seed(epoch), {name: value.clone() for name, value in end.items()}
            for name, value in weights.items():
                if value.is_floating_point() and "running" not in name:
                    value += 0.03 * (3 - epoch) * torch.randn(value.shape, generator=draw)
            save_file(weights, kept_weights.file_of(run.path, epoch))
        return run

    return make


def fresh(run: Run, path: TrainingPath, photos: int = 60) -> walk.Walk:
    measured = {"photos": photos, "precision": "float32", "weights": run.facts["sha256"]}
    return walk.fresh(path.epochs, path.points, path.distance, path.size, path.share, **measured)


def test_a_straight_walk_lies_in_its_first_direction():
    start, step = torch.randn(5, 3), torch.randn(5, 3)
    directions, share = main_directions([[start + far * step, far * torch.ones(2)] for far in (0.0, 1.0, 3.0)])
    np.testing.assert_allclose(share, [1, 0], atol=1e-6)
    length = torch.sqrt(step.square().sum() + 2)
    torch.testing.assert_close(directions[0][0], -step / length)  # from the last to the first
    torch.testing.assert_close(directions[0][1], -torch.ones(2) / length)


def test_directions_are_those_of_a_pca():
    from sklearn.decomposition import PCA

    points = np.random.default_rng(0).normal(size=(6, 20)).cumsum(axis=0).astype(np.float32)
    directions, share = main_directions([[torch.from_numpy(point).view(4, 5)] for point in points])
    pca = PCA(2).fit(points)
    np.testing.assert_allclose(share, pca.explained_variance_ratio_, rtol=1e-5)
    for found, known in zip(directions, pca.components_, strict=True):
        assert abs(found[0].flatten().numpy() @ known) == pytest.approx(1, abs=1e-5)
        assert found[0].flatten().numpy() @ (points[0] - points[-1]) >= 0


def test_a_random_walk_shows_as_much_as_is_said_of_chance():
    points = np.random.default_rng(1).normal(size=(13, 20_000)).cumsum(axis=0).astype(np.float32)
    _, share = main_directions([[torch.from_numpy(point)] for point in points])
    assert share.sum() == pytest.approx(walk.share_of_chance(13), abs=0.02)


def test_the_way_ends_in_the_middle_and_begins_on_the_positive_side(walked, few):
    path = TrainingPath(walked(), few, workers=1)
    assert path.points.shape == (4, 2)
    assert (path.points[-1] == 0).all()
    assert (path.points[0] >= 0).all()
    assert (np.linalg.norm(path.points, axis=1) <= path.distance + 1e-4).all()
    assert path.distance[0] > path.distance[2] > path.distance[3] == 0


@pytest.mark.parametrize("settings", [{}, {"skip": False}, {"norm": "none"}, {"freeze": "layer1"}], ids=str)
def test_what_is_measured_is_the_loss_of_the_network_there(walked, few, settings):
    """As `torch` has it: in training mode, of all photos as one batch, but for a frozen part."""
    run = walked(**settings)
    path = TrainingPath(run, few, workers=2)
    pixels, labels = to_tensors(few)
    for moment, epoch in enumerate(path.epochs):
        model = build(run.config)
        model.load_state_dict(load_file(kept_weights.file_of(run.path, epoch)))
        model.train()
        if settings.get("freeze"):
            for part in (model.bn1, model.layer1):
                part.eval()
        with torch.no_grad():
            logits = model(family(run.config).preprocessing(pixels))
        loss, accuracy = path.look_at(moment, "float32")
        assert loss == pytest.approx(float(torch.nn.functional.cross_entropy(logits, labels)), rel=1e-4)
        assert accuracy == pytest.approx(float((logits.argmax(dim=1) == labels).float().mean()))


def test_the_plane_holds_the_last_weights_and_comes_near_the_others(walked, few):
    """Four points span three directions; the two main ones leave little out."""
    path = TrainingPath(walked(), few, workers=2)
    own = [path.look_at(moment, "float32")[0] for moment in range(4)]
    there = [loss for loss, _ in path.look_round([tuple(place) for place in path.points.tolist()], "float32")]
    assert there[-1] == pytest.approx(own[-1], rel=1e-6)
    away = path.look((float(path.points[0, 0]), -2 * float(path.points[0, 0])), "float32")[0]
    assert abs(there[0] - own[0]) < abs(away - own[0])


def test_without_batch_norm_the_end_is_the_network_as_it_answers(walked, few):
    run = walked(norm="none")
    logits = infer(run.load_model(), to_tensors(few)[0], family(run.config).preprocessing).numpy()
    assert TrainingPath(run, few, workers=1).look((0, 0), "float32")[0] == pytest.approx(
        metrics.loss(logits, few.labels), rel=1e-4
    )


def test_the_walk_goes_on_where_it_stopped(walked, few, monkeypatch):
    """Each point at its own place, whenever it was measured."""
    monkeypatch.setattr(TrainingPath, "look", lambda path, place, precision: (1000 + 2 * place[0] + place[1] / 10, 0.5))
    run = walked()
    path = TrainingPath(run, few, workers=2)
    found = walk.begun(run, fresh(run, path))
    assert found.left == found.places == 8 + walk.SIDE**2
    steps = study(path, found)
    for left in (0, walk.SIDE, 2 * walk.SIDE):
        next(steps)
        assert found.left == found.places - 8 - left
    walk.save(run, found)
    assert walk.load(run) is None
    again = walk.begun(run, fresh(run, path))
    assert again.left == found.places - 8 - 2 * walk.SIDE
    assert len(list(study(path, again))) == walk.SIDE - 2
    walk.save(run, again)
    first, second = np.meshgrid(*again.steps)
    np.testing.assert_allclose(walk.load(run).loss, 1000 + 2 * first + second / 10, rtol=1e-5)
    assert not unfinished.beside(run.path / walk.FILE).exists()
    other = walk.begun(run, fresh(run, path, photos=61))  # measured otherwise: not to be mixed
    assert other.left == other.places


def test_the_command_walks_where_weights_were_kept(walked, few, monkeypatch, capsys):
    run = walked()
    monkeypatch.setattr("core.studies.landscape.Plane.look", lambda plane, first, second: (1.0, 0.5))
    monkeypatch.setattr(TrainingPath, "look", lambda path, place, precision: (1.0, 0.5))
    monkeypatch.setattr(cifar10, "load_training", lambda source: few)
    assert command.main(["one"]) == 0
    assert walk.load(run).epochs.tolist() == [0, 1, 2, 3]
    assert "one: two directions capture " in capsys.readouterr().err
    (run.path / walk.FILE).write_bytes(b"damaged")  # the command that the page names there mends it
    assert command.main(["one"]) == 0
    assert walk.load(run)
    monkeypatch.setattr(TrainingPath, "look", None)  # nothing is left to look at
    for precision in ("float32", "bfloat16"):
        monkeypatch.setattr(command, "best_precision", lambda device, here=precision: here)
        assert command.main(["one"]) == 0
    kept_weights.file_of(run.path, 1).unlink()
    assert command.main(["one"]) == 0
    assert walk.load(run)


def test_where_the_path_can_not_be_kept_is_said_before_it_is_looked_at(walked, few, monkeypatch):
    run = walked()
    monkeypatch.setattr("core.studies.landscape.Plane.look", lambda plane, first, second: (1.0, 0.5))
    monkeypatch.setattr(cifar10, "load_training", lambda source: few)
    with monkeypatch.context() as patch:
        patch.setattr(command.kept_weights, "there", lambda run: False)
        assert command.main(["one"]) == 0
    monkeypatch.setattr(command, "require_writable", lambda folder: (_ for _ in ()).throw(RunError("read-only")))
    monkeypatch.setattr(command, "TrainingPath", None)
    with pytest.raises(RunError, match="read-only"):
        command.main(["one"])
    assert walk.load(run) is None


def short(weights: dict) -> dict:
    return {name: value[:1] if value.dim() else value for name, value in weights.items()}


def endless(weights: dict) -> dict:
    return weights | {"fc.bias": weights["fc.bias"] / 0}


@pytest.mark.parametrize("damage", [short, endless, lambda weights: {}])
def test_damaged_weights_are_refused_in_a_sentence(walked, few, damage):
    run = walked()
    file = kept_weights.file_of(run.path, 1)
    save_file(damage(load_file(file)), file)
    with pytest.raises(RunError, match=r"do not fit resnet8|not finite"):
        TrainingPath(run, few, workers=1)
    file.write_bytes(b"no weights")
    with pytest.raises(RunError, match="cannot be read"):
        TrainingPath(run, few, workers=1)


def test_who_has_learned_nothing_has_no_way(walked, few):
    run = walked()
    for epoch in range(3):
        kept_weights.file_of(run.path, epoch).write_bytes(kept_weights.file_of(run.path, 3).read_bytes())
    with pytest.raises(LabError, match="one has learned nothing"):
        TrainingPath(run, few, workers=1)
