package file

// Nice makes this process give way to others: 0 is as all, 19 the most.
func Nice(int) error { return ErrNoPriority }

// NiceIO makes this process give way to others at the disks.
func NiceIO(IOClass, int) error { return ErrNoPriority }
