"""Background work: jobs, lanes by urgency, progress, cancellation and the pool of worker processes."""
