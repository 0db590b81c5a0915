package check

// RunInPasses is Check with passes for so many inodes.
var RunInPasses = run
