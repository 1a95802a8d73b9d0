"""The examples as a visitor runs them: `wasicloud dev` on their own manifests, with the real host."""
