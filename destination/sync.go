package destination

// Sync makes everything durable that was written to the destination since it was opened. Its error is
// final: a second call may say success although the first did not.
func (d *Destination) Sync() error {
	if err := d.Root.SyncSystem(); err != nil {
		return &syncError{err}
	}
	return nil
}

// syncError: some of what was written is lost, and nobody knows what.
type syncError struct{ err error }

func (e *syncError) Error() string { return e.err.Error() }

func (e *syncError) Unwrap() error { return e.err }
