"""Every key of a Redis server found, shown and edited, through one gate; knows neither Flask nor Huey."""
