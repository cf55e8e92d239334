"""A run handed on: its card, a zip, a folder for the Hugging Face Hub, a handout to print. Trains nothing."""
