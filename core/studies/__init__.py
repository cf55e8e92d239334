"""What is measured by running a network: cut, asked block by block, on bad photos, with other weights, for speed."""
