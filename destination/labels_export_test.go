package destination

// What the labels' tests look at.
var (
	ParseLabels = parseLabels
	Castagnoli  = castagnoli
	NextSeq     = (*Destination).NextSeq
)
