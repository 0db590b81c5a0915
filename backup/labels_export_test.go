package backup

// What the labels' tests look at.
var (
	ParseLabels = parseLabels
	Castagnoli  = castagnoli
	NextSeq     = (*Destination).nextSeq
)
