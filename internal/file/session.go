package file

// Session names the time since the machine was booted and the folder's file system was mounted where it
// is: two folders with the same one see all that was ever written between, durable or not. A disk that
// was pulled out and mounted again has another one, as it has after a power cut. It is "" where the
// system does not tell (Linux does from 6.8 on: older kernels give the number of a mount out again),
// and then nothing may be concluded.
func (d *Dir) Session() string { return d.session() }
