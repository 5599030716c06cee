"""Whom customer success should call: who could be called, what is seen of them, and the queue it makes."""
