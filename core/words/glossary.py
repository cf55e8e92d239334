"""The terms of the field, each explained in one place: one or two short sentences that a 15-year-old can follow."""

from core.words import capitalized

GLOSSARY = {
    "95% interval": "How far luck may have moved a number: of 20 ranges made like this, about 19 hold the true value.",
    "accuracy": "The share of right answers; higher is better.",
    "BatchNorm": "A layer that brings the numbers inside a network back into range. Most networks have many such "
    "layers.",
    "bfloat16": "Numbers with about three digits: quicker to compute with, and rounded more coarsely.",
    "block": "Two layers in a row (in some networks three). In a ResNet, a shortcut leads around each block.",
    "channel": "One of the pictures inside a network: where in the photo one kind of thing, such as an edge, is.",
    "CIFAR-10": "60,000 small photos of ten kinds of things, 32 × 32 pixels each.",
    "confusion matrix": "A table of what photos are (rows) and what the network says (columns).",
    "deep": "With many layers.",
    "epoch": "One pass over the training photos.",
    "f1": "One number for precision and recall together (their harmonic mean): high only if both are.",
    "filter": "A small pattern that a network looks for everywhere in a picture.",
    "fine-tuning": "Training a network further on new photos, with all of it learning.",
    "from scratch": "Starting from random numbers, without having learned from other photos first.",
    "frozen": "A frozen part of a network learns nothing: it stays as it was.",
    "generalization gap": "How much better a network is on its training photos than on photos set aside. Memorizing "
    "drives it up.",
    "Grad-CAM": "A picture of where a network looked: bright where the photo points to its answer.",
    "gradient": "The message that tells each layer how to change so that the answer gets better.",
    "gradient clipping": "A gradient that is too long is shortened, so that no step goes too far.",
    "how sure": "How the network splits 100% among the ten things: the share of its answer. Corrected, where possible, "
    "so that it fits on average.",
    "ImageNet": "More than a million photos of a thousand kinds of things.",
    "label": "The name that people gave to what a photo shows.",
    "layer": "One step of the calculation from picture to answer.",
    "learning rate": "How far each step of learning moves the numbers.",
    "logit": "The raw score that a network gives to a class, before it is turned into percent.",
    "loss": "How wrong the answers are, as one number. Training makes it smaller.",
    "multiply-adds": "The work of one answer: how many times two numbers are multiplied and the result is added to a "
    "sum.",
    "network": "A long calculation that turns a picture into an answer. What it answers depends on numbers that it "
    "learned.",
    "p-value": "How often luck alone would make a difference this big or bigger, if both were equally good.",
    "parameters": "The numbers that a network learns; also called its weights.",
    "plain network": "A network without shortcuts: each layer gets what the one before it gives, and nothing else.",
    "points": "The difference between two percentages: from 89% to 92% is 3 points.",
    "precision": "Of all answers that name a class, the share that is right.",
    "pretrained": "Having learned from other photos first.",
    "recall": "Of all photos of a class, the share that is found.",
    "recipe": "How a network is trained: learning rate, epochs and all other settings, apart from the network itself.",
    "ResNet": "A network whose blocks have shortcuts (skip connections).",
    "run": "One trained network with its record.",
    "schedule": "A schedule changes the learning rate on the way: big steps to get somewhere, small ones to settle.",
    "seed": "The number that random choices begin with: a different seed gives different starting numbers.",
    "shortcut": "A way around a block (skip connection): what came in is added to what comes out.",
    "test photos": "Photos that no network here learned from. They show how good a network is on new ones.",
    "thread": "One of several calculations that a computer does at the same time.",
    "training photos": "The photos that a network learns from.",
    "validation photos": "Photos that are set aside while the network learns from the others.",
    "weights": "The numbers that a network learns; also called its parameters.",
}


def explain(*terms: str) -> str:
    """These terms, one paragraph each, e.g. for a help text. Raises KeyError for a term without an entry."""
    return "\n\n".join(f"**{capitalized(term)}**: {GLOSSARY[term]}" for term in terms)


def phrase(term: str) -> str:
    """The explanation as a part of a sentence: it begins small, and has no period."""
    text = GLOSSARY[term]
    return text[0].lower() + text[1:].removesuffix(".")
