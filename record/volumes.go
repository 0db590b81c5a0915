package record

import "encoding/json"

// Volumes are ids of the source's file systems by the numbers that records name them by: those that the run has
// met, and the highest number that was ever given. 0 is none.
type Volumes map[uint32]string

// UnmarshalJSON reads the list by position, too, that was written before 1.0.
func (v *Volumes) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '[' {
		return json.Unmarshal(b, (*map[uint32]string)(v))
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*v = Volumes{}
	for n, id := range list {
		if n > 0 {
			(*v)[uint32(n)] = id
		}
	}
	return nil
}
