package wire

import (
	"snap/internal/file"
	"snap/query"
)

// FolderSpaces is what `snap stats --folders` tells.
type FolderSpaces struct {
	Destination    string `json:"destination"`
	DestinationB64 string `json:"destination_b64,omitempty"`
	Newest         string `json:"newest"` // the snapshot that counts as the newest; "": there is none
	Depth          int    `json:"depth"`
	FolderSpace
	Folders []FolderSpace `json:"folders"` // in it, down to depth levels, and files there; the largest first
}

// FolderSpace is a folder, or a file, with all below it; each file of the destination counts once.
type FolderSpace struct {
	Path        string `json:"path"` // "": the source
	PathB64     string `json:"path_b64,omitempty"`
	Kind        string `json:"type"`         // "dir" or "file"
	NewestFiles int64  `json:"newest_files"` // that the newest snapshot holds
	NewestBytes int64  `json:"newest_bytes"`
	OldFiles    int64  `json:"old_files"` // that only older ones hold
	OldBytes    int64  `json:"old_bytes"`
	Bytes       int64  `json:"bytes"` // together
}

// NewFolderSpaces is s.
func NewFolderSpaces(dest string, s *query.FolderSpaces, depth int) FolderSpaces {
	j := FolderSpaces{Newest: s.Newest, Depth: depth, FolderSpace: newFolderSpace(&s.Whole), Folders: []FolderSpace{}}
	j.Destination, j.DestinationB64 = Name(dest)
	for i := range s.In {
		j.Folders = append(j.Folders, newFolderSpace(&s.In[i]))
	}
	return j
}

func newFolderSpace(f *query.FolderSpace) FolderSpace {
	j := FolderSpace{
		Kind: file.Folder.String(), NewestFiles: f.Newest.Inodes, NewestBytes: f.Newest.Bytes, OldFiles: f.Old.Inodes,
		OldBytes: f.Old.Bytes, Bytes: f.Bytes(),
	}
	if f.File {
		j.Kind = file.Regular.String()
	}
	j.Path, j.PathB64 = Name(f.Path)
	return j
}
