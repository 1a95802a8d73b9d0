"""Tests of `wasicloud_host.links`."""
