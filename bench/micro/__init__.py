"""The parts of an answer, each for itself: CPU time and, under valgrind, instructions."""
