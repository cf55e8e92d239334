"""CIFAR-10 and the pixels of pictures: read, checked, split, cut into batches, spoiled. Knows no networks."""
