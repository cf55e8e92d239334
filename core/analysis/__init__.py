"""Logits, histories and weights -> numbers. Knows no words, charts or pages."""
