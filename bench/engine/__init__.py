"""What `bench.compare` needs: checkpoints it makes, the other sides, bare reading."""
