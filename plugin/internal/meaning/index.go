package meaning

// An index gives features their rows, in the order in which they come.
type index struct {
	table []uint32 // rows by their features, from 1; a power of two of them
	keys  []uint32 // of rows: their features
}

// reset forgets all and keeps the memory.
func (x *index) reset() {
	clear(x.table)
	x.keys = x.keys[:0]
}

func (x *index) find(feature uint32) (row uint32, ok bool) {
	if len(x.table) == 0 {
		return 0, false
	}
	row, _ = x.look(feature)
	return row - 1, row > 0
}

// look is what the table has for a feature, and where.
func (x *index) look(feature uint32) (row, at uint32) {
	mask := uint32(len(x.table) - 1)
	for at = feature & mask; ; at = (at + 1) & mask {
		if row = x.table[at]; row == 0 || x.keys[row-1] == feature {
			return row, at
		}
	}
}

// add is a feature's row; fresh says that it was not there.
func (x *index) add(feature uint32) (row uint32, fresh bool) {
	if row, ok := x.find(feature); ok {
		return row, false
	}
	x.keys = append(x.keys, feature)
	row = uint32(len(x.keys))
	if 2*len(x.keys) <= len(x.table) {
		_, at := x.look(feature)
		x.table[at] = row
		return row - 1, true
	}
	x.table = make([]uint32, max(64, 2*len(x.table)))
	for i, k := range x.keys {
		_, at := x.look(k)
		x.table[at] = uint32(i + 1)
	}
	return row - 1, true
}
