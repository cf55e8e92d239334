"""What is known of CIFAR-10 (Krizhevsky 2009) without a file."""

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAINING_IMAGES, TEST_IMAGES = 50_000, 10_000
SIZE = 32  # pixels a side
