"""Numbers -> sentences for lay readers. Computes nothing."""
