package backup

// CheckInPasses is Check with passes for so many inodes.
var CheckInPasses = check
