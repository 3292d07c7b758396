"""Schedules that can be edited while they run: when tasks are due, and who fires them."""
