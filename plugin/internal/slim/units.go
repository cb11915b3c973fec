package slim

import (
	"encoding/binary"
	"maps"
	"slices"
)

const none = 1<<32 - 1 // for a unit, or where the name of a file is

// units are the files of what was compiled together, which functions have by number: those that are
// still asked for.
type units struct {
	*tables
	numbers map[[2]int]int32 // by unit and the number that a file had
	files   map[int][]int    // by unit, where their names are
}

func (t *tables) newUnits() *units {
	return &units{tables: t, numbers: map[[2]int]int32{}, files: map[int][]int{}}
}

// renumber has a list of files name them by the numbers that they become.
func (u *units) renumber(unit int, l list) {
	for i, s := range l {
		if s.value < 0 || unit == none {
			continue
		}
		file := [2]int{unit, int(s.value)}
		n, ok := u.numbers[file]
		if !ok {
			n = int32(len(u.files[unit]))
			u.numbers[file] = n
			u.files[unit] = append(u.files[unit], u.half(u.at(tableUnits)+4*(unit+int(s.value))))
		}
		l[i].value = n
	}
}

// write writes the table anew, and has functions name their unit by where it is then.
func (u *units) write() {
	var out []byte
	at := map[int]int{}
	for _, unit := range slices.Sorted(maps.Keys(u.files)) {
		at[unit] = len(out) / 4
		for _, file := range u.files[unit] {
			out = binary.LittleEndian.AppendUint32(out, uint32(file))
		}
	}
	for _, f := range u.funcs() {
		if unit := u.half(f + funcUnit); unit != none {
			u.setHalf(f+funcUnit, at[unit])
		}
	}
	u.replace(tableUnits, out)
}
