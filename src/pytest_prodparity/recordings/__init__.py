"""Recorded live flows that still enforce auth."""
