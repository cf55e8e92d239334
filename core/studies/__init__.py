"""What is measured by running a trained network once more: cut, asked block by block, on bad photos, for its speed."""
