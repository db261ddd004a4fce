"""One file per stage: unpack the lease, call a service, nothing else."""
