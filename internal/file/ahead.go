package file

// ReadAhead asks the system to read the file at path into memory from front to back, if it has room for it, and
// returns at once or while that is under way. It is for files that are about to be read all over in no order, which a
// disk that turns does a hundred times slower. A system that cannot do it does nothing.
func ReadAhead(path string) { readAhead(path) }
