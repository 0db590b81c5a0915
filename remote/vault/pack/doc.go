// Package pack writes and reads packs: the contents of many files in one object.
//
// A pack is a tar, cut into zstd frames and sealed as one age file, so that `age -d | zstd -d | tar x` brings the files
// back without snap. A frame is closed at the first border of entries after 1 MiB, so each entry lies in one frame, and
// its bytes can be had by one range of the stored object.
//
// Invariants:
//   - A Place is within one frame, and what Read returns has the length that the Place says. That the bytes are the
//     right ones is verified by the caller, who knows their SHA-256.
//   - A frame has no more than MaxFrame bytes in it, whatever it says: that much is allocated for one, and no more.
//   - The memory of a Writer is that of one pack and one frame.
package pack

const (
	// PieceSize is how large files are cut: what changed within them is put piece by piece. No entry is larger.
	PieceSize = 4 << 20

	// Target is how much is stored in a pack before it is closed.
	Target = 16 << 20

	// MaxFrame is what a frame has in it at most: what it had before its last entry, that, and names.
	MaxFrame = 8 << 20

	frameTarget = 1 << 20
)

// Place is where in a pack the bytes of a file or piece are. Frame and FrameLen count the bytes of the object as it was
// before it was sealed.
type Place struct {
	Frame    uint32 // where the zstd frame begins
	FrameLen uint32 // how long it is
	Off      uint32 // where the bytes begin in what the frame has in it
	Size     uint32
}
