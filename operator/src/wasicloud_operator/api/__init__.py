"""The vocabulary of ``wasicloud.dev/v1alpha1``: the three kinds as frozen values, read strictly from a manifest's body.

Pure, standard library only. What belongs here: names and shapes of the API. Decisions about them are in ``domain``.
"""
