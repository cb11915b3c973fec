package slim

import (
	"bytes"
	"encoding/binary"
)

// tables are what Go's runtime knows of functions: what they are called, in which files they
// are, and for each place in them its line and what is on the stack there.
type tables struct {
	memory []byte
	module int // where the record is that says where the tables are (runtime.moduledata)
	failed bool
}

// A table is a slice in that record: the word of 8 bytes in which it begins.
type table int

const (
	tableNames  table = 1
	tableUnits  table = 4 // by which files are found
	tableFiles  table = 7
	tablePlaces table = 10
	tableFuncs  table = 13
	tableFirsts table = 16 // the functions in order, which is the beginning of tableFuncs
)

// Other words of it.
const (
	fieldFirstPlace = 20
	fieldData       = 40 // what functions have besides
	fields          = 41
)

// What Go has of a function (runtime._func), by bytes.
const (
	funcNumber   = 0
	funcName     = 4
	funcDeferred = 12 // the part in which it calls deferreturn
	funcStack    = 16 // how far its stack pointer is moved at each place
	funcFile     = 20
	funcLine     = 24
	funcLists    = 28 // how many more lists of places there are, behind all else
	funcUnit     = 32
	funcListsAt  = 44
	funcDatas    = 43 // how much else it has, behind these
)

// Which list or what else is what.
const (
	listStack   = 0
	listFiles   = 1
	listInlined = 5 // which inlined function each place is in
	dataInlined = 3 // these functions
	mostLists   = 16
)

// An inlined function (runtime.inlinedCall), by bytes.
const (
	inlinedName  = 4
	inlinedPlace = 8 // where it was called
	inlinedSize  = 16
)

// readTables finds the tables; not ok if they are not as Go writes them. Where the record is
// that says so is told by its first word, which other data may have by chance.
func readTables(memory []byte) (t *tables, ok bool) {
	magic := []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8} // of runtime.pcHeader
	header := bytes.Index(memory, magic)
	if header < 0 || header+72 > len(memory) {
		return nil, false
	}
	first := binary.LittleEndian.AppendUint64(nil, uint64(header))
	for at := 0; ; at++ {
		next := bytes.Index(memory[at:], first)
		if at += next; next < 0 || at+8*fields > len(memory) {
			return nil, false
		}
		if t = (&tables{memory: memory, module: at}); t.is(header) {
			return t, true
		}
	}
}

// is reports whether they are those of a header.
func (t *tables) is(header int) bool {
	for i, known := range []table{tableNames, tableUnits, tableFiles, tablePlaces, tableFuncs} {
		at, size := t.at(known), t.size(known)
		if at != header+t.word(header+32+8*i) || size < 0 || size > len(t.memory) || at+size*known.width() > len(t.memory) {
			return false
		}
	}
	data, end := t.field(fieldData), t.at(tableFuncs)+t.size(tableFuncs)
	return 8*t.size(tableFirsts) <= t.size(tableFuncs) && t.at(tableFirsts) == t.at(tableFuncs) && t.size(tableFirsts) == t.word(header+8)+1 &&
		t.field(fieldFirstPlace) == t.half(t.at(tableFuncs))<<16 && data >= end && data < min(end+64, len(t.memory))
}

// bytes are some of the memory, or zeros if there is not so much.
func (t *tables) bytes(at, size int) []byte {
	if at < 0 || size < 0 || at > len(t.memory)-size {
		t.failed = true
		return make([]byte, max(0, min(size, 8)))
	}
	return t.memory[at:][:size]
}

// from is all of the memory from somewhere on.
func (t *tables) from(at int) []byte { return t.bytes(at, max(0, len(t.memory)-at)) }

func (t *tables) word(at int) int { return int(binary.LittleEndian.Uint64(t.bytes(at, 8))) }

func (t *tables) half(at int) int { return int(binary.LittleEndian.Uint32(t.bytes(at, 4))) }

func (t *tables) setHalf(at, to int) { binary.LittleEndian.PutUint32(t.bytes(at, 4), uint32(to)) }

func (t *tables) field(n int) int { return t.word(t.module + 8*n) }

func (t *tables) at(known table) int { return t.field(int(known)) }

func (t *tables) size(known table) int { return t.field(int(known) + 1) }

// width is of how many bytes one of what is counted in a table's size is.
func (known table) width() int {
	if known == tableUnits {
		return 4
	}
	return 1
}

// replace writes another table in the place of one, which has to be at least as long.
func (t *tables) replace(known table, by []byte) {
	old := t.bytes(t.at(known), t.size(known)*known.width())
	if len(by) > len(old) {
		t.failed = true
	}
	clear(old[copy(old, by):])
	for word := int(known) + 1; word <= int(known)+2; word++ { // the length and the capacity
		binary.LittleEndian.PutUint64(t.memory[t.module+8*word:], uint64(len(by)/known.width()))
	}
}

// text is the one that begins somewhere in a table.
func (t *tables) text(known table, offset int) string {
	text, _, ended := bytes.Cut(t.from(t.at(known)+offset), []byte{0})
	t.failed = t.failed || !ended
	return string(text)
}

// funcs are where Go has what it knows of each function.
func (t *tables) funcs() (list []int) {
	first := t.at(tableFuncs)
	for i := range t.size(tableFirsts) - 1 {
		list = append(list, first+t.half(first+8*i+4))
	}
	return list
}

// lists are where it is said where the lists of a function's places are, 0 for one that there is not.
func (t *tables) lists(f int) []int {
	list := []int{f + funcStack, f + funcFile, f + funcLine}
	for i := range min(t.half(f+funcLists), mostLists) {
		list = append(list, f+funcListsAt+4*i)
	}
	return list
}

// inlined are the functions that are inlined in one: where they are, and which of them each place is in;
// 0 if there are none.
func (t *tables) inlined(f int) (tree int, l list) {
	lists := t.lists(f)
	if len(lists) <= listInlined || t.half(lists[listInlined]) == 0 || t.memory[f+funcDatas] <= dataInlined {
		return 0, nil
	}
	return t.field(fieldData) + t.half(f+funcListsAt+4*(t.half(f+funcLists)+dataInlined)), t.list(t.half(lists[listInlined]))
}

// list reads a list of places.
func (t *tables) list(offset int) list {
	l := readList(t.from(t.at(tablePlaces) + offset))
	if len(l) == 0 {
		t.failed = true
		return list{{}}
	}
	return l
}
