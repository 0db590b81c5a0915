package file

// ForgetMapped tells the system that the size bytes at addr, which are of a file that is mapped for reading, are not
// needed in memory for now. They stay what they are, in the system's cache of the file, and are there again
// when they are touched; only they no longer count as this process's memory. addr begins a page. Without
// Linux nothing happens.
func ForgetMapped(addr, size uintptr) { forgetMapped(addr, size) }
