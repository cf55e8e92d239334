"""What is measured by running a trained network once more: without a block, block by block, against the clock."""
