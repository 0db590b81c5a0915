package check

import (
	"errors"
	"strings"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// indexFault notes what is wrong with the index, once.
func (c *checker) indexFault(err error) {
	c.faults.once(&fault{what: FaultIndex, path: indexName, why: "the index is damaged: " + damageText(err)})
}

// damageText is what an ErrDamaged says, without the file and that it is damaged.
func damageText(err error) string {
	text := file.Reason(err).Error()
	if i := strings.LastIndex(text, record.ErrDamaged.Error()+": "); i >= 0 {
		return text[i+len(record.ErrDamaged.Error())+2:]
	}
	return text
}

// indexName is the index as findings name it.
const indexName = destination.MetaName + "/" + index.Name

// indexError takes an error of the index: damage is a finding, and the check goes on with what can still be
// read.
func (c *checker) indexError(err error) error {
	if errors.Is(err, record.ErrDamaged) {
		c.indexFault(err)
		return nil
	}
	return err
}
