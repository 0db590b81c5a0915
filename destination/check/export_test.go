package check

// CheckInPasses is Check with passes for so many inodes.
var RunInPasses = run
