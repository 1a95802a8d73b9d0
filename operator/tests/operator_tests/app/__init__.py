"""The whole operator: settings, start and end."""
