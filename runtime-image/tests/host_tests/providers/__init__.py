"""Tests of `wasicloud_host.providers`."""
