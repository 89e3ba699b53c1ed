"""Explores the orders in which concurrent callables' round trips can reach the database."""
