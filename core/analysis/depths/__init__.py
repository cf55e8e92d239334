"""What layers do: runs of one recipe by depth, which changes are more than luck, and what a gentle start changes."""
