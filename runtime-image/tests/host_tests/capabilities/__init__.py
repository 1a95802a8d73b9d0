"""Tests of `wasicloud_host.capabilities`."""
