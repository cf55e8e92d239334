"""What is said where people play along: in the contest, a class, a lesson and a race."""
